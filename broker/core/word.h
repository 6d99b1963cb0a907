// Eight bytes at a time, as a number whose lowest byte is the first.

#ifndef CORE_WORD_H
#define CORE_WORD_H

#include <stdint.h>
#include <string.h>

#define WORD_ONES 0x0101010101010101u
#define WORD_HIGH 0x8080808080808080u

// The same of n bytes, at most eight; those that are lacking are 0.
static inline uint64_t word_load_short(const uint8_t *p, uint32_t n) {
    uint64_t w = 0;
    memcpy(&w, p, n);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    w = __builtin_bswap64(w);
#endif
    return w;
}

static inline uint64_t word_load(const uint8_t *p) {
    return word_load_short(p, 8);
}

// As word_load_short, where speed is worth code: by loads that overlap. From eight bytes on, those
// that come first count.
static inline uint64_t word_load_part(const uint8_t *p, uint32_t n) {
    if (n >= 8)
        return word_load(p);
    if (sizeof p == 4)
        return word_load_short(p, n);
    if (n >= 4) {
        uint32_t a, b;
        memcpy(&a, p, 4);
        memcpy(&b, p + n - 4, 4);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        a = __builtin_bswap32(a);
        b = __builtin_bswap32(b);
#endif
        return a | (uint64_t)b << 8 * (n - 4);
    }
    if (n == 0)
        return 0;
    return p[0] | (uint64_t)p[n >> 1] << 8 * (n >> 1) | (uint64_t)p[n - 1] << 8 * (n - 1);
}

// Marks bytes that are below `limit` (at most 128), and perhaps some above the first of them.
static inline uint64_t word_below(uint64_t w, uint8_t limit) {
    return (w - WORD_ONES * limit) & ~w & WORD_HIGH;
}

// Marks bytes that equal b, and perhaps some above the first of them.
static inline uint64_t word_equal(uint64_t w, uint8_t b) {
    return word_below(w ^ WORD_ONES * b, 1);
}

// The first byte that is marked, 8 for none.
static inline uint32_t word_first(uint64_t marks) {
#if defined(__GNUC__)
    // Without a choice between the two: where there is none, that of the last byte is set.
    uint32_t n = (uint32_t)__builtin_ctzll(marks | (uint64_t)1 << 63) / 8;
    return n + ((n == 7) & (marks >> 63 == 0));
#else
    uint32_t n = 0;
    while (n < 8 && (marks >> 8 * n & 0x80) == 0)
        n++;
    return n;
#endif
}

#endif
