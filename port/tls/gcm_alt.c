// Mbed TLS's AES-GCM: by the processor's instructions where it has them, else its own.

#define MBEDTLS_ALLOW_PRIVATE_ACCESS  // for the keys of the rounds

#include "port/tls/gcm_fast.h"

#include <string.h>

#include <mbedtls/aes.h>
#include <mbedtls/constant_time.h>
#include <mbedtls/gcm.h>
#include <mbedtls/platform_util.h>

#include "port/tls/gcm_portable.h"

_Static_assert(sizeof(struct gcm_fast) <= sizeof((mbedtls_gcm_context *)0)->state,
               "raise it in gcm_alt.h");

void mbedtls_gcm_init(mbedtls_gcm_context *context) {
    memset(context, 0, sizeof *context);
    gcm_portable_init(context->state);
}

void mbedtls_gcm_free(mbedtls_gcm_context *context) {
    if (context != NULL && context->rounds == 0)
        gcm_portable_free(context->state);
    if (context != NULL)
        mbedtls_platform_zeroize(context, sizeof *context);
}

static int begin_fast(mbedtls_gcm_context *context, const uint8_t *key, uint32_t bits) {
    struct gcm_fast *gcm = (struct gcm_fast *)context->state;
    mbedtls_aes_context aes;
    mbedtls_aes_init(&aes);
    int failed = mbedtls_aes_setkey_enc(&aes, key, bits);
    if (failed == 0) {
        context->rounds = (uint32_t)aes.nr;
        memcpy(gcm->keys, aes.buf + aes.rk_offset, ((size_t)aes.nr + 1) * 16);
        gcm_fast_begin(gcm, context->rounds);
    }
    mbedtls_aes_free(&aes);
    return failed;
}

int mbedtls_gcm_setkey(mbedtls_gcm_context *context, mbedtls_cipher_id_t cipher,
                       const unsigned char *key, unsigned int bits) {
    if (cipher != MBEDTLS_CIPHER_ID_AES)
        return MBEDTLS_ERR_GCM_BAD_INPUT;
    if (!gcm_fast_available())
        return gcm_portable_setkey(context->state, key, bits);
    gcm_portable_free(context->state);
    return begin_fast(context, key, bits);
}

int mbedtls_gcm_crypt_and_tag(mbedtls_gcm_context *context, int mode, size_t n,
                              const unsigned char *iv, size_t iv_n, const unsigned char *aad,
                              size_t aad_n, const unsigned char *in, unsigned char *out,
                              size_t tag_n, unsigned char *tag) {
    uint8_t whole[16];
    if (iv_n != 12 || tag_n > sizeof whole || mode != MBEDTLS_GCM_ENCRYPT)
        return MBEDTLS_ERR_GCM_BAD_INPUT;
    if (context->rounds == 0)
        return gcm_portable_encrypt(context->state, n, iv, aad, aad_n, in, out, tag_n, tag);
    gcm_fast_crypt((struct gcm_fast *)context->state, context->rounds, false, iv, aad, aad_n, in,
                   out, n, whole);
    memcpy(tag, whole, tag_n);
    return 0;
}

int mbedtls_gcm_auth_decrypt(mbedtls_gcm_context *context, size_t n, const unsigned char *iv,
                             size_t iv_n, const unsigned char *aad, size_t aad_n,
                             const unsigned char *tag, size_t tag_n, const unsigned char *in,
                             unsigned char *out) {
    uint8_t whole[16];
    if (iv_n != 12 || tag_n > sizeof whole)
        return MBEDTLS_ERR_GCM_BAD_INPUT;
    if (context->rounds == 0)
        return gcm_portable_decrypt(context->state, n, iv, aad, aad_n, tag, tag_n, in, out);
    gcm_fast_crypt((struct gcm_fast *)context->state, context->rounds, true, iv, aad, aad_n, in,
                   out, n, whole);
    if (mbedtls_ct_memcmp(whole, tag, tag_n) == 0)
        return 0;
    mbedtls_platform_zeroize(out, n);
    return MBEDTLS_ERR_GCM_AUTH_FAILED;
}

// What comes in parts: records do not, though Mbed TLS's generic ciphers could ask for it.
int mbedtls_gcm_update(mbedtls_gcm_context *context, const unsigned char *in, size_t n,
                       unsigned char *out, size_t max, size_t *used) {
    (void)context, (void)in, (void)n, (void)out, (void)max, (void)used;
    return MBEDTLS_ERR_GCM_BAD_INPUT;
}
