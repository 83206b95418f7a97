/* Kernels for processors with AVX-512 and VNNI. */
#include "simd_avx512.h"
#define DOT_ALL(value) _mm512_set1_epi32(value)
#define DOT_STEP(sum, w, a) _mm512_dpbusd_epi32(sum, w, a)
#define DOT_FLOAT(sum) _mm512_cvtepi32_ps(sum)
#include "dot_vnni.h"
enum { TOKENS_AT_ONCE = 8 };
#include "product.h"
#include "rounding.h"

const variant variant_avx512 = {"avx512", round_tile, product};
