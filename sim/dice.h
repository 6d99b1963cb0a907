// The world's only source of chance: the same rolls from the same seed on every host. A call rolls
// them in one argument at most: in which order arguments are evaluated is the compiler's choice.
//
// A fuzzer loads the dice: each roll takes the few bytes that it needs from the fuzzer's input while
// there are any, so that a byte stands for a decision.

#ifndef SIM_DICE_H
#define SIM_DICE_H

#include <stdbool.h>
#include <stdint.h>

struct dice {
    uint64_t state;
    const uint8_t *loaded;
    uint32_t left;  // bytes of it
};

// 32 random bits, by splitmix64.
static inline uint32_t dice_roll(struct dice *d) {
    uint64_t z = d->state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (uint32_t)(z >> 32);
}

static inline uint8_t dice_byte(struct dice *d) {
    if (d->left == 0)
        return (uint8_t)(dice_roll(d) >> 24);
    d->left--;
    return *d->loaded++;
}

// 0..n-1, of which a fuzzer need not think: how long something takes.
static inline uint32_t dice_drift(struct dice *d, uint32_t n) {
    return (uint32_t)((uint64_t)dice_roll(d) * n >> 32);
}

// 0..n-1.
static inline uint32_t dice_below(struct dice *d, uint32_t n) {
    uint32_t roll = 0, bits = 0;
    if (d->left == 0)
        return dice_drift(d, n);
    for (; bits < 32 && (n - 1) >> bits > 0; bits += 8)
        roll = roll << 8 | dice_byte(d);
    return (uint32_t)((uint64_t)roll * n >> bits);
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
    return dice_drift(d, mean + 1) << shift;
}

#endif
