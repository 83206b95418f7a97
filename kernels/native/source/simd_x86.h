/* What AVX2 and AVX-VNNI share: vectors of 8 lanes. */
#ifndef CHORUS_SIMD_X86_H
#define CHORUS_SIMD_X86_H

#include <immintrin.h>
#include "layout.h"

typedef __m256i ivec;
typedef __m256 fvec;
enum { LANES = 8 };

ALWAYS_INLINE ivec load_codes(const uint8_t *p) { return _mm256_loadu_si256((const __m256i *)p); }
ALWAYS_INLINE ivec bytes_of(int value) { return _mm256_set1_epi8((char)value); }
ALWAYS_INLINE ivec and_bits(ivec a, ivec b) { return _mm256_and_si256(a, b); }
ALWAYS_INLINE ivec or_bits(ivec a, ivec b) { return _mm256_or_si256(a, b); }
ALWAYS_INLINE ivec add_bytes(ivec a, ivec b) { return _mm256_add_epi8(a, b); }
/* Shifts 16-bit lanes. Callers mask the bits that cross from one byte to the next. */
ALWAYS_INLINE ivec shift_right(ivec a, int bits) { return _mm256_srli_epi16(a, bits); }
ALWAYS_INLINE ivec shift_left(ivec a, int bits) { return _mm256_slli_epi16(a, bits); }
ALWAYS_INLINE ivec look_up(const int8_t *table, ivec index) {
    return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)table)), index);
}
ALWAYS_INLINE ivec four_values(const int8_t *p) {
    int32_t four;
    __builtin_memcpy(&four, p, 4);
    return _mm256_set1_epi32(four);
}

ALWAYS_INLINE fvec zeros(void) { return _mm256_setzero_ps(); }
ALWAYS_INLINE fvec all(float value) { return _mm256_set1_ps(value); }
ALWAYS_INLINE fvec load(const float *p) { return _mm256_loadu_ps(p); }
ALWAYS_INLINE void store(float *p, fvec a) { _mm256_storeu_ps(p, a); }
ALWAYS_INLINE fvec times(fvec a, fvec b) { return _mm256_mul_ps(a, b); }
ALWAYS_INLINE fvec times_plus(fvec a, fvec b, fvec c) { return _mm256_fmadd_ps(a, b, c); }
ALWAYS_INLINE fvec halves(const uint8_t *p) { return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)p)); }
ALWAYS_INLINE fvec unsigned_bytes(const uint8_t *p) {
    return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)p)));
}
ALWAYS_INLINE fvec signed_bytes(const uint8_t *p) {
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)p)));
}

#endif
