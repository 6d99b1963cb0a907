// The world's only source of chance: the same rolls from the same seed on every host.

#ifndef SIM_DICE_H
#define SIM_DICE_H

#include <stdbool.h>
#include <stdint.h>

struct dice {
    uint64_t state;
};

// 32 random bits, by splitmix64.
static inline uint32_t dice_roll(struct dice *d) {
    uint64_t z = d->state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (uint32_t)(z >> 32);
}

// 0..n-1.
static inline uint32_t dice_below(struct dice *d, uint32_t n) {
    return (uint32_t)((uint64_t)dice_roll(d) * n >> 32);
}

// low..high.
static inline uint32_t dice_between(struct dice *d, uint32_t low, uint32_t high) {
    return low + dice_below(d, high - low + 1);
}

// True once in `n` times; never where n is 0.
static inline bool dice_once_in(struct dice *d, uint32_t n) {
    return n > 0 && dice_below(d, n) == 0;
}

// Around `mean`: most rolls below it, a few far above, as intervals between independent events are.
static inline uint32_t dice_around(struct dice *d, uint32_t mean) {
    uint32_t shift = 0;
    while (shift < 4 && (dice_roll(d) & 3) == 0)
        shift++;
    return dice_below(d, mean + 1) << shift;
}

#endif
