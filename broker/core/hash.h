// Hashes of short byte strings and of pairs of indices, seeded so that a peer cannot aim at a
// bucket. Eight bytes a step, the last of which overlap those before.

#ifndef CORE_HASH_H
#define CORE_HASH_H

#include <stdint.h>

#include "broker/core/word.h"

#define HASH_MUL 0x9FB21C651E98DF25ull

// Multiplied twice: one product would leave the last of eight bytes in its upper bits only, and
// sensor01 and sensor02 in one bucket.
static inline uint32_t hash_word(uint64_t h, uint64_t w) {
    h = (h ^ w) * HASH_MUL;
    return (uint32_t)((h ^ h >> 32) * HASH_MUL >> 32);
}

// The hash of n bytes; of at most eight, hash_word of (n << 32 | seed) and of them.
uint32_t hash_bytes(uint32_t seed, const uint8_t *p, uint32_t n);

// The hash of two numbers, the second given with the seed.
static inline uint64_t hash_key(uint32_t seed, uint32_t b) {
    return (uint64_t)b << 32 | seed;
}

static inline uint32_t hash_pair(uint32_t a, uint64_t key) {
    return (uint32_t)((key ^ a) * HASH_MUL >> 32);
}

#endif
