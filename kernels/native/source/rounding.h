/* Rounds activations to 8 bits, as ggml's Q8_0 does: a scale of half precision for each 32 values. */
#ifndef CHORUS_ROUNDING_H
#define CHORUS_ROUNDING_H

#include "layout.h"
#include <immintrin.h>

/* Rounds 32 values, and returns their sums. */
ALWAYS_INLINE block_sums round_block(const float *values, int8_t *out) {
    const __m256 sign = _mm256_set1_ps(-0.0f);
    __m256 v[4], largest = _mm256_setzero_ps();
    for (int i = 0; i < 4; i++) {
        v[i] = _mm256_loadu_ps(values + 8 * i);
        largest = _mm256_max_ps(largest, _mm256_andnot_ps(sign, v[i]));
    }
    __m128 most = _mm_max_ps(_mm256_castps256_ps128(largest), _mm256_extractf128_ps(largest, 1));
    most = _mm_max_ps(most, _mm_movehl_ps(most, most));
    most = _mm_max_ss(most, _mm_movehdup_ps(most));
    const float largest_value = _mm_cvtss_f32(most);
    const __m256 inverse = _mm256_set1_ps(largest_value != 0 ? 127.0f / largest_value : 0);
    __m256i rounded[4];
    for (int i = 0; i < 4; i++) rounded[i] = _mm256_cvtps_epi32(_mm256_mul_ps(v[i], inverse));
    const __m256i low = _mm256_packs_epi32(rounded[0], rounded[1]), high = _mm256_packs_epi32(rounded[2], rounded[3]);
    const __m256i bytes = _mm256_permutevar8x32_epi32(_mm256_packs_epi16(low, high), _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
    _mm256_storeu_si256((__m256i *)out, bytes);
    __m256i halves[2];
    for (int i = 0; i < 2; i++) halves[i] = _mm256_add_epi32(rounded[2 * i], rounded[2 * i + 1]);
    int32_t sums[2];
    for (int i = 0; i < 2; i++) {
        __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(halves[i]), _mm256_extracti128_si256(halves[i], 1));
        sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0x4e));
        sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0xb1));
        sums[i] = _mm_cvtsi128_si32(sum);
    }
    const float scale = _cvtsh_ss(_cvtss_sh(largest_value / 127.0f, _MM_FROUND_TO_NEAREST_INT));
    return (block_sums){scale, scale * (float)(sums[0] + sums[1]), -128 * (sums[0] + sums[1]), -128 * sums[0]};
}

static void round_tile(const float *values, int64_t stride, int64_t columns, int count, uint8_t *tile) {
    for (int64_t column = 0; column < columns; column += BLOCK_COLUMNS, tile += count * TOKEN_BLOCK_BYTES)
        for (int t = 0; t < count; t++)
            ((block_sums *)(tile + count * BLOCK_COLUMNS))[t] =
                round_block(values + t * stride + column, (int8_t *)tile + t * BLOCK_COLUMNS);
}

#endif
