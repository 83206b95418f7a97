/* Writes matrices of ggml's types in the packed layout. Runs once, at load; so it is plain C. */
#include "kernels.h"
#include "layout.h"
#include <string.h>

/* The codes of one row's block of 32 columns: 8 groups of 4 codes, one a byte. */
typedef uint32_t codes[GROUPS];

static const uint32_t LOW_NIBBLES = 0x0f0f0f0f, LOW_PAIRS = 0x03030303, LOW_BITS = 0x01010101;

static uint32_t word(const uint8_t *bytes) {
    uint32_t value;
    memcpy(&value, bytes, 4);
    return value;
}

/* 16 bytes hold the first 16 codes in their low nibbles, the others in their high ones. */
static void low_and_high(const uint8_t *nibbles, codes out) {
    for (int g = 0; g < 4; g++) {
        out[g] = word(nibbles + 4 * g) & LOW_NIBBLES;
        out[g + 4] = word(nibbles + 4 * g) >> 4 & LOW_NIBBLES;
    }
}

static void add_fifth_bits(const uint8_t *bits, codes out) {
    const uint32_t all = word(bits);
    /* The product puts each of 4 bits into a byte. */
    for (int g = 0; g < GROUPS; g++) out[g] |= ((all >> 4 * g & 15) * 0x00204081u & LOW_BITS) << 4;
}

/* Block `b` of a super-block: Q4_K and Q5_K hold two blocks in 32 bytes, one in the low and one in the high nibbles. */
static void nibbles_of_pair(const uint8_t *nibbles, int b, codes out) {
    for (int g = 0; g < GROUPS; g++) out[g] = word(nibbles + b / 2 * 32 + 4 * g) >> b % 2 * 4 & LOW_NIBBLES;
}

static void read_q6_k(const uint8_t *super, int b, codes out) {
    const uint8_t *low = super + b / 4 * 64 + b % 2 * 32, *high = super + 128 + b / 4 * 32;
    for (int g = 0; g < GROUPS; g++)
        out[g] = (word(low + 4 * g) >> b % 4 / 2 * 4 & LOW_NIBBLES) |
                 (word(high + 4 * g) >> b % 4 * 2 & LOW_PAIRS) << 4;
}

/* Reads the codes of a block. `block` points to the row's block, or to its super-block of which it is number `b`. */
static void read_codes(int type, const uint8_t *block, int b, codes out) {
    switch (type) {
        case TYPE_Q4_0: case TYPE_IQ4_NL: low_and_high(block + 2, out); break;
        case TYPE_Q4_1: low_and_high(block + 4, out); break;
        case TYPE_Q5_0: low_and_high(block + 6, out); add_fifth_bits(block + 2, out); break;
        case TYPE_Q5_1: low_and_high(block + 8, out); add_fifth_bits(block + 4, out); break;
        case TYPE_Q8_0: for (int g = 0; g < GROUPS; g++) out[g] = word(block + 2 + 4 * g) ^ 0x80808080u; break;
        case TYPE_Q4_K: nibbles_of_pair(block + 16, b, out); break;
        case TYPE_Q5_K:
            nibbles_of_pair(block + 48, b, out);
            for (int g = 0; g < GROUPS; g++) out[g] |= (word(block + 16 + 4 * g) >> b & LOW_BITS) << 4;
            break;
        case TYPE_Q6_K: read_q6_k(block, b, out); break;
        default: low_and_high(block + 8 + 16 * b, out); /* IQ4_XS */
    }
}

/* Adds the codes of one row to those of a panel's block, which are zero before. */
static void write_codes(int type, const codes in, int row, uint8_t *block) {
    uint32_t *out = (uint32_t *)block + row;
    if (type == TYPE_Q8_0) {
        for (int g = 0; g < GROUPS; g++) out[g * PANEL_ROWS] = in[g];
        return;
    }
    for (int g = 0; g < GROUPS; g += 2)
        out[g / 2 * PANEL_ROWS] = (in[g] & LOW_NIBBLES) | (in[g + 1] & LOW_NIBBLES) << 4;
    uint32_t *high = out + 4 * PANEL_ROWS;
    if (type == TYPE_Q6_K)
        for (int g = 0; g < GROUPS; g++) high[g / 4 * PANEL_ROWS] |= (in[g] >> 4 & LOW_PAIRS) << g % 4 * 2;
    else if (code_bytes(type) > 4 * GROUP_BYTES)
        for (int g = 0; g < GROUPS; g++) *high |= (in[g] >> 4 & LOW_BITS) << g;
}

/* The 6-bit scale and minimum of block `b` in the 12 bytes of Q4_K and Q5_K. */
static void scale_and_minimum(const uint8_t *packed, int b, uint8_t *scale, uint8_t *minimum) {
    if (b < 4) {
        *scale = packed[b] & 63;
        *minimum = packed[b + 4] & 63;
    } else {
        *scale = (packed[b + 4] & 15) | (packed[b - 4] >> 6) << 4;
        *minimum = packed[b + 4] >> 4 | (packed[b] >> 6) << 4;
    }
}

/* Writes the scales of one row's block or super-block among those of the panel. */
static void write_scales(int type, const uint8_t *block, int row, uint8_t *out) {
    uint8_t *halves = out + 2 * row;
    switch (type) {
        case TYPE_Q4_1: case TYPE_Q5_1:
            memcpy(halves, block, 2);
            memcpy(halves + 2 * PANEL_ROWS, block + 2, 2);
            break;
        case TYPE_Q4_K: case TYPE_Q5_K:
            memcpy(halves, block, 2);
            memcpy(halves + 2 * PANEL_ROWS, block + 2, 2);
            for (int b = 0; b < 8; b++) {
                uint8_t *bytes = out + (4 + 2 * b) * PANEL_ROWS + row;
                scale_and_minimum(block + 4, b, bytes, bytes + PANEL_ROWS);
            }
            break;
        case TYPE_Q6_K:
            memcpy(halves, block + 208, 2);
            for (int i = 0; i < 16; i++) out[(2 + i) * PANEL_ROWS + row] = block[192 + i];
            break;
        case TYPE_IQ4_XS: {
            uint16_t high;
            memcpy(&high, block + 2, 2);
            memcpy(halves, block, 2);
            for (int b = 0; b < 8; b++) {
                const int low = block[4 + b / 2] >> b % 2 * 4 & 15;
                out[(2 + b) * PANEL_ROWS + row] = (uint8_t)((low | (high >> 2 * b & 3) << 4) - 32);
            }
            break;
        }
        default: memcpy(halves, block, 2);
    }
}

static int64_t source_block_bytes(int type) {
    switch (type) {
        case TYPE_Q4_0: case TYPE_IQ4_NL: return 18;
        case TYPE_Q4_1: return 20;
        case TYPE_Q5_0: return 22;
        case TYPE_Q5_1: return 24;
        case TYPE_Q8_0: return 34;
        case TYPE_Q4_K: return 144;
        case TYPE_Q5_K: return 176;
        case TYPE_Q6_K: return 210;
        default: return 136;
    }
}

static void pack_panel(int type, const uint8_t *source, uint8_t *panel, int64_t columns, int rows) {
    const int blocks_per_step = has_super_blocks(type) ? 8 : 1;
    const int64_t steps = columns / (BLOCK_COLUMNS * blocks_per_step), bytes = source_block_bytes(type);
    uint8_t *scales = panel + panel_code_bytes(type, columns);
    /* Missing rows of the last panel have zeros as scales. */
    memset(panel, 0, panel_bytes(type, columns));
    for (int row = 0; row < rows; row++)
        for (int64_t step = 0; step < steps; step++) {
            const uint8_t *block = source + (row * steps + step) * bytes;
            write_scales(type, block, row, scales + step * scale_bytes(type));
            for (int b = 0; b < blocks_per_step; b++) {
                codes read;
                read_codes(type, block, b, read);
                write_codes(type, read, row, panel + (step * blocks_per_step + b) * code_bytes(type));
            }
        }
}

int64_t chorus_packed_bytes(int type, int64_t columns, int64_t rows) {
    if (columns <= 0 || rows <= 0 || code_bytes(type) == 0) return 0;
    if (columns % (has_super_blocks(type) ? SUPER_COLUMNS : BLOCK_COLUMNS) != 0) return 0;
    return (rows + PANEL_ROWS - 1) / PANEL_ROWS * panel_bytes(type, columns);
}

void chorus_pack(tensor *result, int thread, int threads, void *options) {
    (void)result;
    const pack_options *given = options;
    const int type = (int)given->type;
    const int64_t columns = given->columns, rows = given->rows;
    const int64_t row_bytes = columns / (has_super_blocks(type) ? SUPER_COLUMNS : BLOCK_COLUMNS) * source_block_bytes(type);
    const int64_t panels = (rows + PANEL_ROWS - 1) / PANEL_ROWS;
    for (int64_t panel = panels * thread / threads; panel < panels * (thread + 1) / threads; panel++) {
        const int64_t row = panel * PANEL_ROWS;
        const int present = rows - row < PANEL_ROWS ? (int)(rows - row) : PANEL_ROWS;
        pack_panel(type, (const uint8_t *)given->source + row * row_bytes,
                   (uint8_t *)given->packed + panel * panel_bytes(type, columns), columns, present);
    }
}
