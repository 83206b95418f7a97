/*
 * The functions of the library. Operations are called by ggml on each of its threads, for the nodes of `ggml_custom_4d`:
 * `result` is the node, and `thread` of `threads` does its part.
 */
#ifndef CHORUS_KERNELS_H
#define CHORUS_KERNELS_H

#include "tensor.h"
#include <stdint.h>

#if defined(_WIN32)
#define EXPORT __declspec(dllexport)
#else
#define EXPORT __attribute__((visibility("default")))
#endif

/* The version of this interface and of the packed layout. */
EXPORT int chorus_version(void);

/* Chooses the variant of the kernels: its name, or "" for the fastest. Returns the name, or "" if it can't run here. */
EXPORT const char *chorus_choose_variant(const char *name);

/* The bytes of a packed matrix, or 0 if the type or shape is not packed. */
EXPORT int64_t chorus_packed_bytes(int type, int64_t columns, int64_t rows);

typedef struct {
    int64_t type, columns, rows;
    const void *source;
    void *packed;
} pack_options;

/*
 * Packs rows of a matrix of ggml's type. Rows of several calls join if each call but the last has whole panels. `options`:
 * a `pack_options`. `result` is not used.
 */
EXPORT void chorus_pack(tensor *result, int thread, int threads, void *options);

/* The bytes of rounded activations. */
EXPORT int64_t chorus_activation_bytes(int64_t columns, int64_t tokens);

/* How activations for a matrix of a type are rounded. */
EXPORT int chorus_rounding(int type);

/* Rounds src[0], `[columns, tokens]` in F32, to activations. `kind`: an `int32_t` of `chorus_rounding`. */
EXPORT void chorus_quantise(tensor *result, int thread, int threads, void *kind);

typedef struct {
    int32_t type;
    /* Sources of the node, by their place; 0: absent. `inner` is `[rank, tokens]`; `up`, `[rows, rank]`, follows it. */
    int32_t bias, inner;
    float factor;
    int64_t columns, rows;
    /* The next piece to compute, and the threads that have ended. Both are 0 between computations. */
    int32_t next_piece, ended;
} product_options;

/* Multiplies the packed matrix src[0] by the activations src[1]. `options`: a `product_options`. */
EXPORT void chorus_product(tensor *result, int thread, int threads, void *options);

#endif
