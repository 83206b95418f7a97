/* Chooses a variant, and turns ggml's nodes into work for it. */
#include "job.h"
#include "kernels.h"
#include "processor.h"
#include <string.h>

/* Raise it with every change of the layout or of a function. */
enum { VERSION = 3 };

int chorus_version(void) { return VERSION; }

#if defined(__x86_64__)
static const variant *const variants[] = {&variant_avx512, &variant_avxvnni, &variant_avx2};
#else
static const variant *const variants[] = {&variant_dotprod};
#endif

static const variant *chosen;

const char *chorus_choose_variant(const char *name) {
    for (unsigned i = 0; i < sizeof variants / sizeof *variants; i++)
        if ((*name == 0 || strcmp(name, variants[i]->name) == 0) && processor_runs(variants[i]->name)) {
            chosen = variants[i];
            return chosen->name;
        }
    return "";
}

int64_t chorus_activation_bytes(int64_t columns, int64_t tokens) { return activation_bytes(columns, tokens); }

/* The part of `count` things that a thread does: from `*first` to `*end`. */
static void part_of(int64_t count, int thread, int threads, int64_t *first, int64_t *end) {
    *first = count * thread / threads;
    *end = count * (thread + 1) / threads;
}

int chorus_rounding(int type) {
    if (has_super_blocks(type)) return ROUND_SUPER_BLOCKS;
    return type == TYPE_Q4_1 || type == TYPE_Q5_1 ? ROUND_WITH_SUMS : ROUND_BLOCKS;
}

void chorus_quantise(tensor *result, int thread, int threads, void *kind) {
    const tensor *values = result->src[0];
    const int64_t columns = values->ne[0], tokens = values->ne[1], stride = (int64_t)(values->nb[1] / sizeof(float));
    int64_t first, end;
    part_of((tokens + TILE_TOKENS - 1) / TILE_TOKENS, thread, threads, &first, &end);
    for (int64_t tile = first; tile < end; tile++) {
        const int64_t token = tile * TILE_TOKENS, left = tokens - token;
        chosen->round_tile((const float *)values->data + token * stride, stride, columns,
                           left < TILE_TOKENS ? (int)left : TILE_TOKENS, *(const int32_t *)kind,
                           (uint8_t *)result->data + activation_bytes(columns, token));
    }
}

/* Pieces of a product for each thread. A thread on a slow core takes fewer than others. */
enum { PIECES = 4 };

static void take_pieces(product_options *options, const product_job *job, int threads) {
    const int64_t panels = (job->matrix.rows + PANEL_ROWS - 1) / PANEL_ROWS;
    const int pieces = threads == 1 ? 1 : threads * PIECES;
    for (;;) {
        const int piece = __atomic_fetch_add(&options->next_piece, 1, __ATOMIC_RELAXED);
        if (piece >= pieces) break;
        int64_t first, end;
        part_of(panels, piece, pieces, &first, &end);
        chosen->product(job, first, end);
    }
    /* The last thread makes the node ready for the next computation. ggml's threads wait for each other behind a node. */
    if (__atomic_add_fetch(&options->ended, 1, __ATOMIC_ACQ_REL) < threads) return;
    options->next_piece = 0;
    options->ended = 0;
}

void chorus_product(tensor *result, int thread, int threads, void *options) {
    (void)thread;
    product_options *given = options;
    const tensor *bias = given->bias ? result->src[given->bias] : 0;
    const tensor *inner = given->inner ? result->src[given->inner] : 0;
    const product_job job = {
        .matrix = {given->type, given->columns, given->rows, result->src[0]->data},
        .activations = result->src[1]->data,
        .tokens = result->ne[1],
        .out = result->data,
        .out_stride = (int64_t)(result->nb[1] / sizeof(float)),
        .bias = bias ? bias->data : 0,
        .factors = {
            .rank = inner ? (int)inner->ne[0] : 0,
            .up = inner ? result->src[given->inner + 1]->data : 0,
            .inner = inner ? inner->data : 0,
            .inner_stride = inner ? (int64_t)(inner->nb[1] / sizeof(float)) : 0,
            .factor = given->factor,
        },
    };
    take_pieces(given, &job, threads);
}
