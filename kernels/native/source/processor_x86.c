#include "processor.h"
#include <cpuid.h>
#include <stdint.h>
#include <string.h>

typedef struct {
    uint32_t a, b, c, d;
} registers;

static registers cpuid(uint32_t leaf, uint32_t part) {
    registers r = {0, 0, 0, 0};
    __get_cpuid_count(leaf, part, &r.a, &r.b, &r.c, &r.d);
    return r;
}

/* The registers that the operating system saves. */
static uint32_t saved_registers(void) {
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

static int bit(uint32_t value, int place) { return value >> place & 1; }

int processor_runs(const char *variant) {
    const registers basic = cpuid(1, 0), extended = cpuid(7, 0), more = cpuid(7, 1);
    const int has_fma = bit(basic.c, 12), saves = bit(basic.c, 27), has_avx = bit(basic.c, 28), has_half = bit(basic.c, 29);
    if (!has_fma || !saves || !has_avx || !has_half || !bit(extended.b, 5) || (saved_registers() & 6) != 6) return 0;
    if (strcmp(variant, "avx2") == 0) return 1;
    if (strcmp(variant, "avxvnni") == 0) return bit(more.a, 4);
    const int has_512 = bit(extended.b, 16) && bit(extended.b, 17) && bit(extended.b, 28) && bit(extended.b, 30) && bit(extended.b, 31);
    return has_512 && bit(extended.c, 11) && (saved_registers() & 0xe6) == 0xe6;
}
