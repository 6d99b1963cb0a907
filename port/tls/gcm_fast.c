#include "port/tls/gcm_fast.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#define FAST __attribute__((target("aes,pclmul,ssse3,sse4.1")))
#define WIDE 8  // blocks whose computations overlap, which they do in registers alone
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 8")
#endif

typedef __m128i block;

bool gcm_fast_available(void) {
    return __builtin_cpu_supports("aes") && __builtin_cpu_supports("pclmul") &&
           __builtin_cpu_supports("sse4.1");
}

FAST static inline block load(const void *from) {
    return _mm_loadu_si128(from);
}

FAST static inline void store(void *to, block b) {
    _mm_storeu_si128(to, b);
}

// Between the order of bytes and that of the hash's bits.
FAST static inline block swap(block b) {
    return _mm_shuffle_epi8(b, _mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
}

FAST static inline block encrypt(const struct gcm_fast *gcm, uint32_t rounds, block b) {
    b = _mm_xor_si128(b, load(gcm->keys[0]));
    for (uint32_t i = 1; i < rounds; i++)
        b = _mm_aesenc_si128(b, load(gcm->keys[i]));
    return _mm_aesenclast_si128(b, load(gcm->keys[rounds]));
}

// ---- The hash -----------------------------------------------------------------------------------

// A product of 256 bits, not yet reduced.
struct product {
    block low, middle, high;
};

FAST static inline void multiply(struct product *p, block a, block b) {
    p->low = _mm_xor_si128(p->low, _mm_clmulepi64_si128(a, b, 0x00));
    p->high = _mm_xor_si128(p->high, _mm_clmulepi64_si128(a, b, 0x11));
    p->middle = _mm_xor_si128(p->middle, _mm_xor_si128(_mm_clmulepi64_si128(a, b, 0x01),
                                                       _mm_clmulepi64_si128(a, b, 0x10)));
}

// Modulo x^128 + x^7 + x^2 + x + 1, reflected. One factor has to come times x, which is what makes
// up for the bit by which a reflected product is short.
FAST static inline block reduce(const struct product *p) {
    const block poly = _mm_set_epi64x((int64_t)0xc200000000000000, 1);
    block middle = _mm_xor_si128(p->middle, _mm_shuffle_epi32(p->low, 0x4e));
    middle = _mm_xor_si128(middle, _mm_clmulepi64_si128(p->low, poly, 0x10));
    block high = _mm_xor_si128(p->high, _mm_shuffle_epi32(middle, 0x4e));
    return _mm_xor_si128(high, _mm_clmulepi64_si128(middle, poly, 0x10));
}

FAST static inline block hash_block(const struct gcm_fast *gcm, block hash, block b) {
    struct product p = {_mm_setzero_si128(), _mm_setzero_si128(), _mm_setzero_si128()};
    multiply(&p, _mm_xor_si128(hash, b), load(gcm->powers[WIDE - 1]));
    return reduce(&p);
}

// Bytes that are padded with zeros to whole blocks.
FAST static block hash_bytes(const struct gcm_fast *gcm, block hash, const uint8_t *bytes,
                             size_t n) {
    for (; n >= 16; bytes += 16, n -= 16)
        hash = hash_block(gcm, hash, swap(load(bytes)));
    if (n > 0) {
        uint8_t last[16] = {0};
        memcpy(last, bytes, n);
        hash = hash_block(gcm, hash, swap(load(last)));
    }
    return hash;
}

FAST static inline block hash_wide(const struct gcm_fast *gcm, block hash, const block b[WIDE]) {
    struct product p = {_mm_setzero_si128(), _mm_setzero_si128(), _mm_setzero_si128()};
    multiply(&p, _mm_xor_si128(hash, swap(b[0])), load(gcm->powers[0]));
    UNROLL
    for (int i = 1; i < WIDE; i++)
        multiply(&p, swap(b[i]), load(gcm->powers[i]));
    return reduce(&p);
}

FAST void gcm_fast_begin(struct gcm_fast *gcm, uint32_t rounds) {
    uint64_t h[2];
    store(h, swap(encrypt(gcm, rounds, _mm_setzero_si128())));
    uint64_t carry = 0 - (h[1] >> 63);
    h[1] = (h[1] << 1 | h[0] >> 63) ^ (carry & 0xc200000000000000);
    h[0] = h[0] << 1 ^ (carry & 1);
    block first = load(h);
    block power = first;
    for (int i = WIDE - 1; i >= 0; i--) {
        store(gcm->powers[i], power);
        struct product p = {_mm_setzero_si128(), _mm_setzero_si128(), _mm_setzero_si128()};
        multiply(&p, power, first);
        power = reduce(&p);
    }
}

// ---- The cipher ---------------------------------------------------------------------------------

// The counter is a big-endian number in the last four bytes; kept swapped, it is in the first.
FAST static inline block next(block *counter) {
    *counter = _mm_add_epi32(*counter, _mm_set_epi32(0, 0, 0, 1));
    return swap(*counter);
}

// WIDE blocks, while the hash of those before is computed beside them.
FAST static inline void crypt_wide(const struct gcm_fast *gcm, uint32_t rounds, block *counter,
                                   const uint8_t *in, block result[WIDE]) {
    block b[WIDE];
    block key = load(gcm->keys[0]);
    UNROLL
    for (int i = 0; i < WIDE; i++)
        b[i] = _mm_xor_si128(next(counter), key);
    for (uint32_t round = 1; round < rounds; round++) {
        key = load(gcm->keys[round]);
        UNROLL
        for (int i = 0; i < WIDE; i++)
            b[i] = _mm_aesenc_si128(b[i], key);
    }
    key = load(gcm->keys[rounds]);
    UNROLL
    for (int i = 0; i < WIDE; i++)
        result[i] = _mm_xor_si128(_mm_aesenclast_si128(b[i], key), load(in + 16 * i));
}

FAST void gcm_fast_crypt(const struct gcm_fast *gcm, uint32_t rounds, bool decrypt,
                         const uint8_t iv[12], const uint8_t *aad, size_t aad_n, const uint8_t *in,
                         uint8_t *out, size_t n, uint8_t tag[16]) {
    uint8_t start[16] = {0};
    memcpy(start, iv, 12);
    start[15] = 1;
    const block first = load(start);
    block counter = swap(first);
    block hash = hash_bytes(gcm, _mm_setzero_si128(), aad, aad_n);
    size_t left = n;
    for (; left >= 16 * WIDE; in += 16 * WIDE, out += 16 * WIDE, left -= 16 * WIDE) {
        block given[WIDE], result[WIDE];
        UNROLL
        for (int i = 0; decrypt && i < WIDE; i++)
            given[i] = load(in + 16 * i);
        crypt_wide(gcm, rounds, &counter, in, result);
        UNROLL
        for (int i = 0; i < WIDE; i++)
            store(out + 16 * i, result[i]);
        hash = hash_wide(gcm, hash, decrypt ? given : result);
    }
    while (left > 0) {
        uint8_t part[16] = {0};
        uint8_t pad[16];
        size_t bytes = left < 16 ? left : 16;
        memcpy(part, in, bytes);
        store(pad, encrypt(gcm, rounds, next(&counter)));
        if (decrypt)
            hash = hash_block(gcm, hash, swap(load(part)));
        for (size_t i = 0; i < bytes; i++)
            part[i] ^= pad[i];
        memcpy(out, part, bytes);
        if (!decrypt)
            hash = hash_block(gcm, hash, swap(load(part)));
        in += bytes;
        out += bytes;
        left -= bytes;
    }
    hash = hash_block(gcm, hash, _mm_set_epi64x((int64_t)(aad_n * 8), (int64_t)(n * 8)));
    store(tag, _mm_xor_si128(swap(hash), encrypt(gcm, rounds, first)));
}

#else

bool gcm_fast_available(void) {
    return false;
}

void gcm_fast_begin(struct gcm_fast *gcm, uint32_t rounds) {
    (void)gcm;
    (void)rounds;
}

void gcm_fast_crypt(const struct gcm_fast *gcm, uint32_t rounds, bool decrypt, const uint8_t iv[12],
                    const uint8_t *aad, size_t aad_n, const uint8_t *in, uint8_t *out, size_t n,
                    uint8_t tag[16]) {
    (void)gcm, (void)rounds, (void)decrypt, (void)iv, (void)aad, (void)aad_n, (void)in, (void)out;
    (void)n, (void)tag;
}

#endif
