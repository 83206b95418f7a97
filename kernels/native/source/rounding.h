/*
 * Rounds activations to 8 bits as ggml does, so that logits equal libllama's. ggml rounds them in one of three ways, by
 * the type of the matrix that they are multiplied by.
 */
#ifndef CHORUS_ROUNDING_H
#define CHORUS_ROUNDING_H

#include "job.h"
#include <immintrin.h>

ALWAYS_INLINE float half_of(float value) { return _cvtsh_ss(_cvtss_sh(value, _MM_FROUND_TO_NEAREST_INT)); }

/* The largest size of `count` values, a multiple of 8. */
ALWAYS_INLINE float largest_of(const float *values, int count) {
    const __m256 sign = _mm256_set1_ps(-0.0f);
    __m256 largest = _mm256_setzero_ps();
    for (int i = 0; i < count; i += 8) largest = _mm256_max_ps(largest, _mm256_andnot_ps(sign, _mm256_loadu_ps(values + i)));
    __m128 most = _mm_max_ps(_mm256_castps256_ps128(largest), _mm256_extractf128_ps(largest, 1));
    most = _mm_max_ps(most, _mm_movehl_ps(most, most));
    return _mm_cvtss_f32(_mm_max_ss(most, _mm_movehdup_ps(most)));
}

/* Multiplies 32 values by `inverse` and rounds them. Writes the sums of both halves. */
ALWAYS_INLINE void round_block(const float *values, float inverse, int8_t *out, int32_t sums[2]) {
    __m256i rounded[4];
    for (int i = 0; i < 4; i++)
        rounded[i] = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(values + 8 * i), _mm256_set1_ps(inverse)));
    const __m256i low = _mm256_packs_epi32(rounded[0], rounded[1]), high = _mm256_packs_epi32(rounded[2], rounded[3]);
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    _mm256_storeu_si256((__m256i *)out, _mm256_permutevar8x32_epi32(_mm256_packs_epi16(low, high), order));
    for (int i = 0; i < 2; i++) {
        const __m256i both = _mm256_add_epi32(rounded[2 * i], rounded[2 * i + 1]);
        __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(both), _mm256_extracti128_si256(both, 1));
        sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0x4e));
        sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0xb1));
        sums[i] = _mm_cvtsi128_si32(sum);
    }
}

static void round_tile(const float *values, int64_t stride, int64_t columns, int count, rounding kind, uint8_t *tile) {
    const int step = kind == ROUND_SUPER_BLOCKS ? SUPER_COLUMNS : BLOCK_COLUMNS;
    for (int t = 0; t < count; t++)
        for (int64_t column = 0; column < columns; column += step) {
            const float largest = largest_of(values + t * stride + column, step);
            const float inverse = largest != 0 ? 127.0f / largest : 0;
            const float exact = largest / 127.0f;
            const float scale = kind != ROUND_SUPER_BLOCKS ? half_of(exact) : largest != 0 ? 1 / inverse : 0;
            for (int64_t at = column; at < column + step; at += BLOCK_COLUMNS) {
                uint8_t *block = tile + at / BLOCK_COLUMNS * count * TOKEN_BLOCK_BYTES;
                int32_t sums[2];
                round_block(values + t * stride + at, inverse, (int8_t *)block + t * BLOCK_COLUMNS, sums);
                const int32_t sum = sums[0] + sums[1];
                const float scaled = kind == ROUND_WITH_SUMS ? half_of(exact * (float)sum) : scale * (float)sum;
                ((block_sums *)(block + count * BLOCK_COLUMNS))[t] = (block_sums){scale, scaled, -128 * sum, -128 * sums[0]};
            }
        }
}

#endif
