/* The fields of ggml's `struct ggml_tensor` that kernels read. The layout is that of the pinned release. */
#ifndef CHORUS_TENSOR_H
#define CHORUS_TENSOR_H

#include <stddef.h>
#include <stdint.h>

typedef struct tensor {
    int32_t type;
    void *buffer;
    int64_t ne[4];
    size_t nb[4];
    int32_t op;
    int32_t op_params[16];
    int32_t flags;
    struct tensor *src[10];
    struct tensor *view_src;
    size_t view_offs;
    void *data;
    char name[64];
    void *extra;
    char padding[8];
} tensor;

_Static_assert(offsetof(tensor, ne) == 16, "ne");
_Static_assert(offsetof(tensor, src) == 152, "src");
_Static_assert(offsetof(tensor, data) == 248, "data");
_Static_assert(sizeof(tensor) == 336, "size");

#endif
