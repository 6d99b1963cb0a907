#include "broker/core/midge.h"

uint32_t random_below(struct midge *m, uint32_t n) {
    // xorshift64, kept in two words.
    uint64_t x = (uint64_t)m->random[1] << 32 | m->random[0];
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    m->random[0] = (uint32_t)x;
    m->random[1] = (uint32_t)(x >> 32);
    return (uint32_t)((x >> 16 & UINT32_MAX) * n >> 32);
}
