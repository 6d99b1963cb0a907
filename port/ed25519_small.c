// Signing by Ed25519 for chips: libsodium's, with its multiplication of any point for the base
// point too, so that its table of multiples of that, 30 KB, is not linked. Takes the place of its
// sign.c and keypair.c.

#include <private/ed25519_ref10.h>

#define ge25519_scalarmult_base multiply_base

static void multiply_base(ge25519_p3 *product, const unsigned char *scalar) {
    // The base point, whose sign is turned here and back by reading.
    static const unsigned char turned[32] = {0x58, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
                                             0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
                                             0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
                                             0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0xe6};
    ge25519_p3 base;
    ge25519_frombytes_negate_vartime(&base, turned);
    ge25519_scalarmult(product, scalar, &base);
}

#include <crypto_sign/ed25519/ref10/keypair.c>  // of its sources
#include <crypto_sign/ed25519/ref10/sign.c>
