/* The work of a product, and the functions that each variant has. */
#ifndef CHORUS_JOB_H
#define CHORUS_JOB_H

#include "layout.h"

typedef struct {
    int type;
    int64_t columns, rows;
    const uint8_t *packed;
} packed_matrix;

/* Low-rank factors beside a matrix: `up[rows, rank] x inner[rank, tokens]` is added to the product. */
typedef struct {
    int rank;
    /* `[rank][rows]` */
    const float *up;
    const float *inner;
    int64_t inner_stride;
    float factor;
} low_rank;

typedef struct {
    packed_matrix matrix;
    const uint8_t *activations;
    int64_t tokens;
    /* `[tokens][out_stride]` */
    float *out;
    int64_t out_stride;
    /* May be null. */
    const float *bias;
    low_rank factors;
} product_job;

/* The ways of ggml's Q8_0 and Q8_1, with a scale for 32 values, and of Q8_K, with a scale for 256. */
typedef enum { ROUND_BLOCKS = 0, ROUND_WITH_SUMS = 1, ROUND_SUPER_BLOCKS = 2 } rounding;

typedef struct {
    const char *name;
    /* Rounds `count` tokens of `[columns]` values to a tile. */
    void (*round_tile)(const float *values, int64_t stride, int64_t columns, int count, rounding kind, uint8_t *tile);
    /* Computes the rows of panels `first` to `end`. */
    void (*product)(const product_job *job, int64_t first, int64_t end);
} variant;

extern const variant variant_avx2, variant_avxvnni, variant_avx512, variant_dotprod;

#endif
