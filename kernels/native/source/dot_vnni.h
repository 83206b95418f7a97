/* Sums of products by VNNI: unsigned weights, 128 added to those with a sign, times signed activations. */
#ifndef CHORUS_DOT_VNNI_H
#define CHORUS_DOT_VNNI_H

#include "codes.h"

typedef ivec weights;
typedef ivec dot;

static const int8_t IQ4_PLUS_128[16] = {1, 24, 45, 63, 79, 93, 106, 118, -127, -115, -103, -90, -75, -59, -39, -15};

ALWAYS_INLINE weights weights_of(const int type, const uint8_t *block, const int g, const int lane) {
    const ivec codes = codes_of(type, block, g, lane);
    if (has_table(type)) return look_up(IQ4_PLUS_128, codes);
    const int offset = offset_of(type);
    return offset == 0 || offset == 128 ? codes : add_bytes(codes, bytes_of(128 - offset));
}

ALWAYS_INLINE dot begin_dot(const int type, const int32_t *sum_128) {
    const int has_sign = has_table(type) || offset_of(type) != 0;
    return has_sign ? DOT_ALL(*sum_128) : DOT_ALL(0);
}

ALWAYS_INLINE dot add_dot(const int type, dot sum, weights w, const int8_t *activations, const int g) {
    (void)type, (void)g;
    return DOT_STEP(sum, w, four_values(activations));
}

ALWAYS_INLINE fvec end_dot(const int type, dot sum) {
    (void)type;
    return DOT_FLOAT(sum);
}

#endif
