// X25519 for chips: libsodium's, with its ladder for the base point too, so that its table of
// multiples of that, 30 KB, is not linked. Takes the place of its scalarmult_curve25519.c; and is
// compiled as one with its ed25519_ref10.c, so that the field that both compute in is there once.

#include <crypto_core/ed25519/ref10/ed25519_ref10.c>  // of its sources
#include <crypto_scalarmult/curve25519/ref10/x25519_ref10.c>

#include <crypto_scalarmult_curve25519.h>

int crypto_scalarmult_curve25519(unsigned char *product, const unsigned char *scalar,
                                 const unsigned char *point) {
    volatile unsigned char any = 0;
    if (crypto_scalarmult_curve25519_ref10(product, scalar, point) != 0)
        return -1;
    for (size_t i = 0; i < crypto_scalarmult_curve25519_BYTES; i++)
        any |= product[i];
    return any == 0 ? -1 : 0;
}

int crypto_scalarmult_curve25519_base(unsigned char *product, const unsigned char *scalar) {
    static const unsigned char base[crypto_scalarmult_curve25519_BYTES] = {9};
    return crypto_scalarmult_curve25519(product, scalar, base);
}
