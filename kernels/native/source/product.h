/*
 * The product of a packed matrix and activations, for any variant. A variant includes its vectors, then its sums of
 * products, then this file.
 */
#ifndef CHORUS_PRODUCT_H
#define CHORUS_PRODUCT_H

#include "job.h"

#define UNROLL _Pragma("clang loop unroll(full)")

enum { PARTS = PANEL_ROWS / LANES };

/* Up to so many tokens, the memory limits the speed. */
enum { FEW_TOKENS = 2, PREFETCH_BYTES = 8192, SCALE_PREFETCH_BYTES = 1024 };

/* Scales and minima of a part's rows for one block. Types with two scales a block have a second one. */
typedef struct {
    fvec scale, second_scale, minimum;
} row_scales;

typedef struct {
    fvec scale, minimum;
} super_scales;

ALWAYS_INLINE super_scales read_super(const int type, const uint8_t *scales, const int row) {
    return (super_scales){
        halves(scales + 2 * row),
        type == TYPE_Q4_K || type == TYPE_Q5_K ? times(all(-1), halves(scales + 2 * PANEL_ROWS + 2 * row)) : zeros(),
    };
}

/* The scales of block `b` of a step. */
ALWAYS_INLINE row_scales read_scales(const int type, const uint8_t *scales, const super_scales super, const int b, const int row) {
    const uint8_t *bytes;
    switch (type) {
        case TYPE_Q4_1: case TYPE_Q5_1:
            return (row_scales){halves(scales + 2 * row), zeros(), halves(scales + 2 * PANEL_ROWS + 2 * row)};
        case TYPE_Q4_K: case TYPE_Q5_K:
            bytes = scales + (4 + 2 * b) * PANEL_ROWS + row;
            return (row_scales){times(super.scale, unsigned_bytes(bytes)), zeros(),
                                times(super.minimum, unsigned_bytes(bytes + PANEL_ROWS))};
        case TYPE_Q6_K:
            bytes = scales + (2 + 2 * b) * PANEL_ROWS + row;
            return (row_scales){times(super.scale, signed_bytes(bytes)),
                                times(super.scale, signed_bytes(bytes + PANEL_ROWS)), zeros()};
        case TYPE_IQ4_XS:
            return (row_scales){times(super.scale, signed_bytes(scales + (2 + b) * PANEL_ROWS + row)), zeros(), zeros()};
        default: return (row_scales){halves(scales + 2 * row), zeros(), zeros()};
    }
}

/*
 * Adds one block of `parts` parts of a panel, from `part` on, times `count` tokens, from `first` on, of a tile of `width`.
 */
ALWAYS_INLINE void add_block(const int type, const int width, const int first, const int count, const int part,
                             const int parts, const uint8_t *block, const row_scales *scales, const uint8_t *tile,
                             fvec sums[PARTS][TILE_TOKENS]) {
    const int runs = type == TYPE_Q6_K ? 2 : 1, run_groups = GROUPS / runs;
    const block_sums *of_tokens = (const block_sums *)(tile + width * BLOCK_COLUMNS) + first;
    UNROLL for (int run = 0; run < runs; run++) {
        dot dots[PARTS][TILE_TOKENS];
        UNROLL for (int t = 0; t < count; t++) {
            int32_t begin = of_tokens[t].sum_128;
            if (runs == 2) begin = run == 0 ? of_tokens[t].first_sum_128 : begin - of_tokens[t].first_sum_128;
            UNROLL for (int p = 0; p < parts; p++) dots[p][t] = begin_dot(type, &begin);
        }
        UNROLL for (int g = run * run_groups; g < (run + 1) * run_groups; g++) {
            weights w[PARTS];
            UNROLL for (int p = 0; p < parts; p++) w[p] = weights_of(type, block, g, (part + p) * LANES * 4);
            UNROLL for (int t = 0; t < count; t++) {
                const int8_t *values = (const int8_t *)tile + (first + t) * BLOCK_COLUMNS + 4 * g;
                UNROLL for (int p = 0; p < parts; p++) dots[p][t] = add_dot(type, dots[p][t], w[p], values, g);
            }
        }
        UNROLL for (int t = 0; t < count; t++)
            UNROLL for (int p = 0; p < parts; p++) {
                const fvec scale = run == 0 ? scales[p].scale : scales[p].second_scale;
                sums[p][t] = times_plus(times(scale, all(of_tokens[t].scale)), end_dot(type, dots[p][t]), sums[p][t]);
                if (has_minimum(type))
                    sums[p][t] = times_plus(scales[p].minimum, all(of_tokens[t].scaled_sum), sums[p][t]);
            }
    }
}

/* `parts` parts of a panel times `count` tokens of a tile. `out`: `[width][PANEL_ROWS]`. */
ALWAYS_INLINE void multiply_part(const int type, const int width, const int first, const int count, const int part,
                                 const int parts, const uint8_t *panel, int64_t columns, const uint8_t *tile, float *out) {
    fvec sums[PARTS][TILE_TOKENS];
    UNROLL for (int p = 0; p < parts; p++)
        UNROLL for (int t = 0; t < count; t++) sums[p][t] = zeros();
    const int step_blocks = has_super_blocks(type) ? SUPER_COLUMNS / BLOCK_COLUMNS : 1;
    const uint8_t *scales = panel + panel_code_bytes(type, columns);
    for (int64_t steps = columns / (step_blocks * BLOCK_COLUMNS); steps > 0; steps--) {
        if (width <= FEW_TOKENS)
            UNROLL for (int line = 0; line < scale_bytes(type); line += 64)
                __builtin_prefetch(scales + SCALE_PREFETCH_BYTES + line, 0, 0);
        super_scales super[PARTS];
        if (step_blocks > 1)
            UNROLL for (int p = 0; p < parts; p++) super[p] = read_super(type, scales, (part + p) * LANES);
        _Pragma("clang loop unroll(disable)") for (int b = 0; b < step_blocks; b++) {
            row_scales of_rows[PARTS];
            UNROLL for (int p = 0; p < parts; p++)
                of_rows[p] = read_scales(type, scales, super[p], b, (part + p) * LANES);
            /* The processor itself reads too little ahead. */
            if (width <= FEW_TOKENS)
                UNROLL for (int line = 0; line < code_bytes(type); line += 64)
                    __builtin_prefetch(panel + PREFETCH_BYTES + line, 0, 0);
            add_block(type, width, first, count, part, parts, panel, of_rows, tile, sums);
            panel += code_bytes(type);
            tile += width * TOKEN_BLOCK_BYTES;
        }
        scales += scale_bytes(type);
    }
    UNROLL for (int t = 0; t < count; t++)
        UNROLL for (int p = 0; p < parts; p++)
            store(out + (first + t) * PANEL_ROWS + (part + p) * LANES, sums[p][t]);
}

/* A panel times a tile of `width` tokens. `TOKENS_AT_ONCE` is as many as a variant has registers for. */
ALWAYS_INLINE void multiply_panel(const int type, const int width, const uint8_t *panel, int64_t columns,
                                  const uint8_t *tile, float *out) {
    /* With few tokens a whole panel is read at once, so that memory is read in order. */
    const int parts = PARTS > 1 && width * 2 <= TOKENS_AT_ONCE ? 2 : 1;
    UNROLL for (int part = 0; part < PARTS; part += parts)
        UNROLL for (int first = 0; first < width; first += TOKENS_AT_ONCE)
            multiply_part(type, width, first, width - first < TOKENS_AT_ONCE ? width - first : TOKENS_AT_ONCE, part,
                          parts, panel, columns, tile, out);
}

typedef void panel_function(const uint8_t *panel, int64_t columns, const uint8_t *tile, float *out);

#define PANEL_FUNCTION(type, width)                                                                                \
    static void panel_##type##_##width(const uint8_t *panel, int64_t columns, const uint8_t *tile, float *out) {   \
        multiply_panel(TYPE_##type, width, panel, columns, tile, out);                                             \
    }
#define PANEL_FUNCTIONS(type)                                                                                      \
    PANEL_FUNCTION(type, 1) PANEL_FUNCTION(type, 2) PANEL_FUNCTION(type, 3) PANEL_FUNCTION(type, 4)                \
    PANEL_FUNCTION(type, 5) PANEL_FUNCTION(type, 6) PANEL_FUNCTION(type, 7) PANEL_FUNCTION(type, 8)                \
    static panel_function *const panels_##type[TILE_TOKENS] = {                                                    \
        panel_##type##_1, panel_##type##_2, panel_##type##_3, panel_##type##_4,                                    \
        panel_##type##_5, panel_##type##_6, panel_##type##_7, panel_##type##_8};

PANEL_FUNCTIONS(Q4_0) PANEL_FUNCTIONS(Q4_1) PANEL_FUNCTIONS(Q5_0) PANEL_FUNCTIONS(Q5_1) PANEL_FUNCTIONS(Q8_0)
PANEL_FUNCTIONS(Q4_K) PANEL_FUNCTIONS(Q5_K) PANEL_FUNCTIONS(Q6_K) PANEL_FUNCTIONS(IQ4_NL) PANEL_FUNCTIONS(IQ4_XS)

static panel_function *const *panels_of(int type) {
    switch (type) {
        case TYPE_Q4_0: return panels_Q4_0;
        case TYPE_Q4_1: return panels_Q4_1;
        case TYPE_Q5_0: return panels_Q5_0;
        case TYPE_Q5_1: return panels_Q5_1;
        case TYPE_Q8_0: return panels_Q8_0;
        case TYPE_Q4_K: return panels_Q4_K;
        case TYPE_Q5_K: return panels_Q5_K;
        case TYPE_Q6_K: return panels_Q6_K;
        case TYPE_IQ4_NL: return panels_IQ4_NL;
        default: return panels_IQ4_XS;
    }
}

/* Adds bias and low-rank factors to the sums of a panel's rows, `[count][PANEL_ROWS]`, and writes the present rows. */
static void finish_panel(const product_job *job, int64_t row, int64_t token, int count, float *sums) {
    const int64_t rows = job->matrix.rows;
    const int present = rows - row < PANEL_ROWS ? (int)(rows - row) : PANEL_ROWS;
    const low_rank *factors = &job->factors;
    for (int t = 0; t < count; t++, sums += PANEL_ROWS) {
        const float *inner = factors->inner + (token + t) * factors->inner_stride;
        float *out = job->out + (token + t) * job->out_stride + row;
        if (present < PANEL_ROWS) {
            for (int i = 0; i < present; i++) {
                float sum = sums[i] + (job->bias ? job->bias[row + i] : 0);
                for (int r = 0; r < factors->rank; r++) sum += factors->factor * inner[r] * factors->up[r * rows + row + i];
                out[i] = sum;
            }
            continue;
        }
        for (int i = 0; i < PANEL_ROWS; i += LANES) {
            fvec sum = load(sums + i);
            for (int r = 0; r < factors->rank; r++)
                sum = times_plus(all(factors->factor * inner[r]), load(factors->up + r * rows + row + i), sum);
            if (job->bias) sum = times_plus(all(1), load(job->bias + row + i), sum);
            store(out + i, sum);
        }
    }
}

/* Tokens whose activations stay in the cache while panels pass. */
enum { CHUNK_TOKENS = 128 };

static void product(const product_job *job, int64_t first, int64_t end) {
    const packed_matrix *matrix = &job->matrix;
    panel_function *const *functions = panels_of(matrix->type);
    const int64_t stride = panel_bytes(matrix->type, matrix->columns);
    const int64_t token_bytes = activation_bytes(matrix->columns, 1);
    for (int64_t chunk = 0; chunk < job->tokens; chunk += CHUNK_TOKENS) {
        const int64_t chunk_end = chunk + CHUNK_TOKENS < job->tokens ? chunk + CHUNK_TOKENS : job->tokens;
        for (int64_t panel = first; panel < end; panel++)
            for (int64_t token = chunk; token < chunk_end; token += TILE_TOKENS) {
                const int count = chunk_end - token < TILE_TOKENS ? (int)(chunk_end - token) : TILE_TOKENS;
                _Alignas(64) float sums[TILE_TOKENS * PANEL_ROWS];
                functions[count - 1](matrix->packed + panel * stride, matrix->columns,
                                     job->activations + token * token_bytes, sums);
                finish_panel(job, panel * PANEL_ROWS, token, count, sums);
            }
    }
}

#endif
