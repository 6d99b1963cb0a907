// Hashes of short byte strings and of pairs of indices, seeded so that a peer cannot aim at a
// bucket. Eight bytes a step; the tail is read by overlapping loads instead of a loop.

#ifndef CORE_HASH_H
#define CORE_HASH_H

#include <stdint.h>
#include <string.h>

#define HASH_MUL 0x9FB21C651E98DF25ull

static inline uint64_t hash_load(const uint8_t *p, uint32_t n) {
    uint64_t w = 0;
    if (n >= 8) {
        memcpy(&w, p, 8);
    } else if (n >= 4) {
        uint32_t a, b;
        memcpy(&a, p, 4);
        memcpy(&b, p + n - 4, 4);
        w = (uint64_t)a << 32 | b;
    } else if (n > 0) {
        w = (uint32_t)p[0] << 16 | (uint32_t)p[n >> 1] << 8 | p[n - 1];
    }
    return w;
}

static inline uint32_t hash_bytes(uint32_t seed, const uint8_t *p, uint32_t n) {
    uint64_t h = ((uint64_t)n << 32 | seed) * HASH_MUL;
    for (; n > 8; p += 8, n -= 8) {
        h = (h ^ hash_load(p, 8)) * HASH_MUL;
        h ^= h >> 32;
    }
    h = (h ^ hash_load(p, n)) * HASH_MUL;
    return (uint32_t)(h >> 32) ^ (uint32_t)(h >> 10);
}

static inline uint32_t hash_pair(uint32_t seed, uint32_t a, uint32_t b) {
    uint64_t h = ((uint64_t)a << 32 | b) ^ seed;
    h *= HASH_MUL;
    return (uint32_t)(h >> 32) ^ (uint32_t)(h >> 12);
}

#endif
