/* Kernels for processors with AVX2 alone. */
#include "simd_x86.h"
#include "dot_avx2.h"
enum { TOKENS_AT_ONCE = 4 };
#include "product.h"
#include "rounding.h"

const variant variant_avx2 = {"avx2", round_tile, product};
