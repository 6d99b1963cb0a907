// Compiles Mbed TLS's gcm.c once more, as if nothing took its place.

#include "port/tls/gcm_portable.h"

#include <mbedtls/build_info.h>

#undef MBEDTLS_GCM_ALT
#define mbedtls_gcm_context portable_context
#define mbedtls_gcm_init portable_init
#define mbedtls_gcm_free portable_free
#define mbedtls_gcm_setkey portable_setkey
#define mbedtls_gcm_starts portable_starts
#define mbedtls_gcm_update portable_update
#define mbedtls_gcm_update_ad portable_update_ad
#define mbedtls_gcm_finish portable_finish
#define mbedtls_gcm_crypt_and_tag portable_crypt_and_tag
#define mbedtls_gcm_auth_decrypt portable_auth_decrypt
#include <gcm.c>  // of its library

_Static_assert(sizeof(portable_context) <= GCM_PORTABLE_BYTES, "raise it in gcm_alt.h");

void gcm_portable_init(void *context) {
    portable_init(context);
}

void gcm_portable_free(void *context) {
    portable_free(context);
}

int gcm_portable_setkey(void *context, const uint8_t *key, uint32_t bits) {
    return portable_setkey(context, MBEDTLS_CIPHER_ID_AES, key, bits);
}

int gcm_portable_encrypt(void *context, size_t n, const uint8_t iv[12], const uint8_t *aad,
                         size_t aad_n, const uint8_t *in, uint8_t *out, size_t tag_n,
                         uint8_t *tag) {
    return portable_crypt_and_tag(context, MBEDTLS_GCM_ENCRYPT, n, iv, 12, aad, aad_n, in, out,
                                  tag_n, tag);
}

int gcm_portable_decrypt(void *context, size_t n, const uint8_t iv[12], const uint8_t *aad,
                         size_t aad_n, const uint8_t *tag, size_t tag_n, const uint8_t *in,
                         uint8_t *out) {
    return portable_auth_decrypt(context, n, iv, 12, aad, aad_n, tag, tag_n, in, out);
}
