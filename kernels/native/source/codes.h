/* Decodes packed codes. */
#ifndef CHORUS_CODES_H
#define CHORUS_CODES_H

/* The values of IQ4_NL and IQ4_XS. */
static const int8_t IQ4_VALUES[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

/* A value is its code minus this. It is 0 for types with a table or a minimum. */
ALWAYS_INLINE int offset_of(int type) {
    switch (type) {
        case TYPE_Q4_0: return 8;
        case TYPE_Q5_0: return 16;
        case TYPE_Q6_K: return 32;
        case TYPE_Q8_0: return 128;
        default: return 0;
    }
}

ALWAYS_INLINE int has_table(int type) { return type == TYPE_IQ4_NL || type == TYPE_IQ4_XS; }

ALWAYS_INLINE int has_minimum(int type) {
    return type == TYPE_Q4_1 || type == TYPE_Q5_1 || type == TYPE_Q4_K || type == TYPE_Q5_K;
}

/* Group `g` of a block's codes, as unsigned bytes. `lane`: the first byte of each group's bytes. */
ALWAYS_INLINE ivec codes_of(const int type, const uint8_t *block, const int g, const int lane) {
    if (type == TYPE_Q8_0) return load_codes(block + g * GROUP_BYTES + lane);
    const ivec both = load_codes(block + g / 2 * GROUP_BYTES + lane);
    const ivec low = and_bits(g % 2 ? shift_right(both, 4) : both, bytes_of(15));
    const uint8_t *high = block + 4 * GROUP_BYTES + lane;
    if (type == TYPE_Q6_K) {
        const ivec bits = load_codes(high + g / 4 * GROUP_BYTES);
        const int place = g % 4 * 2;
        return or_bits(low, and_bits(place < 4 ? shift_left(bits, 4 - place) : shift_right(bits, place - 4), bytes_of(48)));
    }
    if (code_bytes(type) > 4 * GROUP_BYTES) {
        const ivec bits = load_codes(high);
        return or_bits(low, and_bits(g < 4 ? shift_left(bits, 4 - g) : shift_right(bits, g - 4), bytes_of(16)));
    }
    return low;
}

#endif
