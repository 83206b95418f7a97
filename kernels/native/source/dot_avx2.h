/*
 * Sums of products by AVX2. It multiplies unsigned weights by signed activations to sums of 16 bits. Those sums hold
 * several groups of small codes. Weights with a sign give it to the activations.
 */
#ifndef CHORUS_DOT_AVX2_H
#define CHORUS_DOT_AVX2_H

#include "codes.h"

typedef struct {
    ivec size, sign;
} weights;

typedef struct {
    /* Of 16 bits, then of 32. */
    ivec narrow, wide;
} dot;

ALWAYS_INLINE int has_sign(const int type) { return has_table(type) || type == TYPE_Q8_0; }

/* The groups whose products fit 16 bits: each is at most 2 x 127 x the largest code. */
ALWAYS_INLINE int groups_in_16_bits(const int type) {
    if (has_sign(type)) return 1;
    return type == TYPE_Q6_K ? 2 : code_bytes(type) > 4 * GROUP_BYTES ? 4 : 8;
}

ALWAYS_INLINE weights weights_of(const int type, const uint8_t *block, const int g, const int lane) {
    const ivec codes = codes_of(type, block, g, lane);
    if (!has_sign(type)) return (weights){codes, codes};
    const ivec values = has_table(type) ? look_up(IQ4_VALUES, codes) : _mm256_xor_si256(codes, bytes_of(128));
    return (weights){_mm256_abs_epi8(values), values};
}

/* -128 times a sum, shifted, is the sum times -8, -16 or -32. */
ALWAYS_INLINE dot begin_dot(const int type, const int32_t *sum_128) {
    const int offset = offset_of(type);
    const int is_free = has_sign(type) || offset == 0;
    const ivec begin = is_free ? _mm256_setzero_si256()
                               : _mm256_srai_epi32(_mm256_set1_epi32(*sum_128), offset == 8 ? 4 : offset == 16 ? 3 : 2);
    return (dot){_mm256_setzero_si256(), begin};
}

ALWAYS_INLINE ivec widened(ivec narrow) { return _mm256_madd_epi16(narrow, _mm256_set1_epi16(1)); }

ALWAYS_INLINE dot add_dot(const int type, dot sum, weights w, const int8_t *activations, const int g) {
    const ivec values = four_values(activations);
    const ivec products = _mm256_maddubs_epi16(w.size, has_sign(type) ? _mm256_sign_epi8(values, w.sign) : values);
    const int many = groups_in_16_bits(type);
    const ivec narrow = g % many == 0 ? products : _mm256_add_epi16(sum.narrow, products);
    if (g % many < many - 1) return (dot){narrow, sum.wide};
    return (dot){narrow, _mm256_add_epi32(sum.wide, widened(narrow))};
}

ALWAYS_INLINE fvec end_dot(const int type, dot sum) {
    (void)type;
    return _mm256_cvtepi32_ps(sum.wide);
}

#endif
