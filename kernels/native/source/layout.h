/*
 * The packed layout of matrices, and the layout of rounded activations.
 *
 * A panel is 16 rows of a matrix. It has two regions: codes, then scales. The codes of 32 columns (a block) stand
 * together: 8 groups of 4 columns, each with the 4 codes of row 0, then of row 1, and so on. Codes of 4 bits share a
 * byte with the next group. The upper bits of codes with 5 and 6 bits follow the lower ones. `docs/kernels.md` draws it.
 */
#ifndef CHORUS_LAYOUT_H
#define CHORUS_LAYOUT_H

#include <stdint.h>

enum { PANEL_ROWS = 16, BLOCK_COLUMNS = 32, SUPER_COLUMNS = 256, GROUP_BYTES = 64, GROUPS = 8 };

/* ggml's numbers of the types that are packed. */
enum {
    TYPE_Q4_0 = 2, TYPE_Q4_1 = 3, TYPE_Q5_0 = 6, TYPE_Q5_1 = 7, TYPE_Q8_0 = 8,
    TYPE_Q4_K = 12, TYPE_Q5_K = 13, TYPE_Q6_K = 14, TYPE_IQ4_NL = 20, TYPE_IQ4_XS = 23,
};

#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* Bytes of a block's codes in a panel. 0: the type is not packed. */
ALWAYS_INLINE int code_bytes(int type) {
    switch (type) {
        case TYPE_Q4_0: case TYPE_Q4_1: case TYPE_Q4_K: case TYPE_IQ4_NL: case TYPE_IQ4_XS: return 4 * GROUP_BYTES;
        case TYPE_Q5_0: case TYPE_Q5_1: case TYPE_Q5_K: return 5 * GROUP_BYTES;
        case TYPE_Q6_K: return 6 * GROUP_BYTES;
        case TYPE_Q8_0: return 8 * GROUP_BYTES;
        default: return 0;
    }
}

ALWAYS_INLINE int has_super_blocks(int type) {
    return type == TYPE_Q4_K || type == TYPE_Q5_K || type == TYPE_Q6_K || type == TYPE_IQ4_XS;
}

/* Bytes of a panel's scales for each block, or for each super-block of a type that has those. */
ALWAYS_INLINE int scale_bytes(int type) {
    switch (type) {
        case TYPE_Q4_1: case TYPE_Q5_1: return 4 * PANEL_ROWS;        /* half scale, half minimum */
        case TYPE_Q4_K: case TYPE_Q5_K: return (4 + 8 * 2) * PANEL_ROWS; /* two halves; 8 scales and minima of a byte */
        case TYPE_Q6_K: return (2 + 8 * 2) * PANEL_ROWS;              /* a half; 16 scales of a byte */
        case TYPE_IQ4_XS: return (2 + 8) * PANEL_ROWS;                /* a half; 8 scales of a byte */
        default: return 2 * PANEL_ROWS;                               /* a half */
    }
}

ALWAYS_INLINE int64_t panel_code_bytes(int type, int64_t columns) {
    return columns / BLOCK_COLUMNS * code_bytes(type);
}

ALWAYS_INLINE int64_t panel_bytes(int type, int64_t columns) {
    const int64_t steps = columns / (has_super_blocks(type) ? SUPER_COLUMNS : BLOCK_COLUMNS);
    /* Whole cache lines, so that each panel begins at one. */
    return (panel_code_bytes(type, columns) + steps * scale_bytes(type) + 63) / 64 * 64;
}

/*
 * Activations stand in tiles of up to 8 tokens. Per block a tile has the 32 rounded values of each token, then what
 * belongs to them for each token. The last tile is as narrow as the number of its tokens.
 */
enum { TILE_TOKENS = 8 };

typedef struct {
    float scale;
    /* The scale times the sum of the values. */
    float scaled_sum;
    /* The sum times -128, and that of the first 16 values. They begin sums over weights that have 128 added. */
    int32_t sum_128;
    int32_t first_sum_128;
} block_sums;

enum { TOKEN_BLOCK_BYTES = BLOCK_COLUMNS + sizeof(block_sums) };

ALWAYS_INLINE int64_t activation_bytes(int64_t columns, int64_t tokens) {
    return columns / BLOCK_COLUMNS * TOKEN_BLOCK_BYTES * tokens;
}

#endif
