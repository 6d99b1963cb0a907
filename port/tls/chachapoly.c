// Mbed TLS's ChaCha20-Poly1305, by libsodium.

#include <mbedtls/build_info.h>

#if MIDGE_TLS_CHACHA

#include <mbedtls/chachapoly.h>

#include <string.h>

#include <crypto_aead_chacha20poly1305.h>
#include <mbedtls/platform_util.h>
#include <private/implementations.h>
#include <core.h>
#include <runtime.h>

#include "broker/broker.h"

void chachapoly_begin(void) {
    _sodium_runtime_get_cpu_features();
    _crypto_stream_chacha20_pick_best_implementation();
    _crypto_onetimeauth_poly1305_pick_best_implementation();
}

// What libsodium calls where it is used wrongly.
void sodium_misuse(void) {
    midge_panic(__FILE__, __LINE__);
}

void mbedtls_chachapoly_init(mbedtls_chachapoly_context *context) {
    memset(context, 0, sizeof *context);
}

void mbedtls_chachapoly_free(mbedtls_chachapoly_context *context) {
    if (context != NULL)
        mbedtls_platform_zeroize(context, sizeof *context);
}

int mbedtls_chachapoly_setkey(mbedtls_chachapoly_context *context, const unsigned char key[32]) {
    memcpy(context->key, key, sizeof context->key);
    return 0;
}

int mbedtls_chachapoly_encrypt_and_tag(mbedtls_chachapoly_context *context, size_t n,
                                       const unsigned char nonce[12], const unsigned char *aad,
                                       size_t aad_n, const unsigned char *in, unsigned char *out,
                                       unsigned char tag[16]) {
    crypto_aead_chacha20poly1305_ietf_encrypt_detached(out, tag, NULL, in, n, aad, aad_n, NULL,
                                                       nonce, context->key);
    return 0;
}

int mbedtls_chachapoly_auth_decrypt(mbedtls_chachapoly_context *context, size_t n,
                                    const unsigned char nonce[12], const unsigned char *aad,
                                    size_t aad_n, const unsigned char tag[16],
                                    const unsigned char *in, unsigned char *out) {
    return crypto_aead_chacha20poly1305_ietf_decrypt_detached(out, NULL, in, n, tag, aad, aad_n,
                                                              nonce, context->key) == 0
               ? 0
               : MBEDTLS_ERR_CHACHAPOLY_AUTH_FAILED;
}

// What comes in parts: records do not, though Mbed TLS's generic ciphers could ask for it.
int mbedtls_chachapoly_update(mbedtls_chachapoly_context *context, size_t n,
                              const unsigned char *in, unsigned char *out) {
    (void)context, (void)n, (void)in, (void)out;
    return MBEDTLS_ERR_CHACHAPOLY_BAD_STATE;
}

#endif
