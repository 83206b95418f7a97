/* Kernels for processors with AVX-VNNI. */
#include "simd_x86.h"
#define DOT_ALL(value) _mm256_set1_epi32(value)
#define DOT_STEP(sum, w, a) _mm256_dpbusd_avx_epi32(sum, w, a)
#define DOT_FLOAT(sum) _mm256_cvtepi32_ps(sum)
#include "dot_vnni.h"
enum { TOKENS_AT_ONCE = 4 };
#include "product.h"
#include "rounding.h"

const variant variant_avxvnni = {"avxvnni", round_tile, product};
