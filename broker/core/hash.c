#include "broker/core/hash.h"

uint32_t hash_bytes(uint32_t seed, const uint8_t *p, uint32_t n) {
    uint64_t h = (uint64_t)n << 32 | seed;
    const uint8_t *last = p;
    if (n > 8) {
        last = p + n - 8;
        for (; p < last; p += 8) {
            h = (h ^ word_load(p)) * HASH_MUL;
            h ^= h >> 32;
        }
    }
    return hash_word(h, word_load_part(last, n));
}
