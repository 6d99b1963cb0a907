// What the broker is lent of cryptography, over libsodium, of which this takes the files that
// Ed25519 needs, and neither its heap nor its start.

#include <crypto_sign_ed25519.h>
#include <utils.h>

#include "port/port.h"

bool port_verify(const uint8_t signature[64], const void *message, uint32_t n,
                 const uint8_t key[32]) {
    return crypto_sign_ed25519_verify_detached(signature, message, n, key) == 0;
}

void port_sign(const uint8_t seed[32], const void *message, uint32_t n, uint8_t signature[64],
               uint8_t key[32]) {
    uint8_t pair[64];
    crypto_sign_ed25519_seed_keypair(key, pair, seed);
    crypto_sign_ed25519_detached(signature, NULL, message, n, pair);
    sodium_memzero(pair, sizeof pair);
}

// ---- What that needs of the rest of libsodium ---------------------------------------------------

void sodium_memzero(void *const bytes, const size_t n) {
    volatile uint8_t *p = bytes;
    for (size_t i = 0; i < n; i++)
        p[i] = 0;
}

int sodium_memcmp(const void *const a, const void *const b, size_t n) {
    const volatile uint8_t *x = a;
    const volatile uint8_t *y = b;
    uint32_t differ = 0;
    for (size_t i = 0; i < n; i++)
        differ |= (uint32_t)(x[i] ^ y[i]);
    return differ == 0 ? 0 : -1;
}

int sodium_is_zero(const unsigned char *bytes, const size_t n) {
    volatile uint32_t any = 0;
    for (size_t i = 0; i < n; i++)
        any |= bytes[i];
    return any == 0;
}
