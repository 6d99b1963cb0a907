// Products on Curve25519 by libsodium, some ten times as fast as Mbed TLS's; others by Mbed TLS.
// Those of its files that make keys and agree on them call these in place of its own (linux.mk).

#define MBEDTLS_ALLOW_PRIVATE_ACCESS  // for the coordinates of points

#include <stdbool.h>
#include <string.h>

#include <crypto_scalarmult_curve25519.h>
#include <mbedtls/ecp.h>
#include <mbedtls/platform_util.h>

#define KEY_BYTES 32

int tls_ecp_mul_restartable(mbedtls_ecp_group *group, mbedtls_ecp_point *result,
                            const mbedtls_mpi *scalar, const mbedtls_ecp_point *point,
                            int (*random)(void *, unsigned char *, size_t), void *context,
                            mbedtls_ecp_restart_ctx *restart);
int tls_ecp_mul(mbedtls_ecp_group *group, mbedtls_ecp_point *result, const mbedtls_mpi *scalar,
                const mbedtls_ecp_point *point, int (*random)(void *, unsigned char *, size_t),
                void *context);

int tls_ecp_mul_restartable(mbedtls_ecp_group *group, mbedtls_ecp_point *result,
                            const mbedtls_mpi *scalar, const mbedtls_ecp_point *point,
                            int (*random)(void *, unsigned char *, size_t), void *context,
                            mbedtls_ecp_restart_ctx *restart) {
    static const uint8_t base[KEY_BYTES] = {9};
    uint8_t secret[KEY_BYTES], public[KEY_BYTES] = {0}, product[KEY_BYTES];
    if (group->id != MBEDTLS_ECP_DP_CURVE25519)
        return mbedtls_ecp_mul_restartable(group, result, scalar, point, random, context, restart);
    int failed = mbedtls_mpi_write_binary_le(scalar, secret, KEY_BYTES);
    if (failed == 0)
        failed = mbedtls_mpi_write_binary_le(&point->X, public, KEY_BYTES);
    // A point of low order makes a product of zero, whoever has the secret.
    bool is_base = memcmp(public, base, KEY_BYTES) == 0;
    if (failed == 0 && (is_base ? crypto_scalarmult_curve25519_base(product, secret)
                                : crypto_scalarmult_curve25519(product, secret, public)) != 0)
        failed = MBEDTLS_ERR_ECP_INVALID_KEY;
    if (failed == 0)
        failed = mbedtls_mpi_read_binary_le(&result->X, product, KEY_BYTES);
    if (failed == 0)
        failed = mbedtls_mpi_lset(&result->Z, 1);
    mbedtls_platform_zeroize(secret, KEY_BYTES);
    mbedtls_platform_zeroize(product, KEY_BYTES);
    return failed;
}

int tls_ecp_mul(mbedtls_ecp_group *group, mbedtls_ecp_point *result, const mbedtls_mpi *scalar,
                const mbedtls_ecp_point *point, int (*random)(void *, unsigned char *, size_t),
                void *context) {
    return tls_ecp_mul_restartable(group, result, scalar, point, random, context, NULL);
}
