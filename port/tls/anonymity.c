// Where clients are never asked for a certificate (MIDGE_TLS_VERIFY 0): takes the place of what
// Mbed TLS would look at one by, which then is not linked (config.h). TLS 1.2 passes by here once
// in each handshake; all else would be a message that nobody asked for, and is refused.

#define MBEDTLS_ALLOW_PRIVATE_ACCESS  // for the state of a handshake

#include <mbedtls/ecdsa.h>
#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>

#if !MIDGE_TLS_VERIFY

int anonymity_pass(mbedtls_ssl_context *ssl);
int anonymity_refuse(mbedtls_ssl_context *ssl);
int anonymity_refuse_signature(mbedtls_pk_context *key, mbedtls_md_type_t md,
                               const unsigned char *hash, size_t hash_n,
                               const unsigned char *signature, size_t signature_n);

int anonymity_pass(mbedtls_ssl_context *ssl) {
    if (ssl->conf->authmode != MBEDTLS_SSL_VERIFY_NONE)
        return anonymity_refuse(ssl);
    ssl->session_negotiate->verify_result = MBEDTLS_X509_BADCERT_SKIP_VERIFY;
    ssl->state++;
    return 0;
}

int anonymity_refuse(mbedtls_ssl_context *ssl) {
    (void)ssl;
    return MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE;
}

int anonymity_refuse_signature(mbedtls_pk_context *key, mbedtls_md_type_t md,
                               const unsigned char *hash, size_t hash_n,
                               const unsigned char *signature, size_t signature_n) {
    (void)key, (void)md, (void)hash, (void)hash_n, (void)signature, (void)signature_n;
    return MBEDTLS_ERR_PK_FEATURE_UNAVAILABLE;
}

int mbedtls_ecdsa_verify(mbedtls_ecp_group *group, const unsigned char *hash, size_t hash_n,
                         const mbedtls_ecp_point *key, const mbedtls_mpi *r, const mbedtls_mpi *s) {
    (void)group, (void)hash, (void)hash_n, (void)key, (void)r, (void)s;
    return MBEDTLS_ERR_ECP_FEATURE_UNAVAILABLE;
}

#endif
