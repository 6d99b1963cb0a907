// What of Mbed TLS is built: a TLS 1.2 and 1.3 server with AEAD ciphers, elliptic curves, and where
// broker/limits.h says so a client, RSA and the larger curves and hashes.
//
// It has no heap, no clock, no files and no source of entropy of its own: memory comes from
// port/tls/arena.h, the rest from port/tls.h. Records are not encrypted by PSA, so that they pass
// through what takes the place of gcm.c and chachapoly.c.

#ifndef TLS_CONFIG_H
#define TLS_CONFIG_H

#include <stddef.h>
#include <stdint.h>

#include "broker/limits.h"

// ---- The platform -------------------------------------------------------------------------------

void *arena_calloc(size_t n, size_t bytes);
void *arena_calloc_number(size_t n, size_t bytes);
void arena_free(void *memory);
int64_t tls_time(int64_t *to);

#define MBEDTLS_PLATFORM_C
#define MBEDTLS_PLATFORM_MEMORY
#ifdef TLS_NUMBERS  // of the files that compute with large numbers
#define MBEDTLS_PLATFORM_CALLOC_MACRO arena_calloc_number
#else
#define MBEDTLS_PLATFORM_CALLOC_MACRO arena_calloc
#endif
#define MBEDTLS_PLATFORM_FREE_MACRO arena_free
#define MBEDTLS_HAVE_TIME
#define MBEDTLS_HAVE_TIME_DATE
#define MBEDTLS_PLATFORM_TIME_TYPE_MACRO int64_t
#define MBEDTLS_PLATFORM_TIME_MACRO tls_time
#define MBEDTLS_PLATFORM_MS_TIME_ALT
#define MBEDTLS_PLATFORM_GMTIME_R_ALT
#define MBEDTLS_PSA_CRYPTO_EXTERNAL_RNG
#define MBEDTLS_HAVE_ASM

// ---- The protocol -------------------------------------------------------------------------------

#define MBEDTLS_SSL_TLS_C
#define MBEDTLS_SSL_SRV_C
#if MIDGE_TLS_REMOTES > 0
#define MBEDTLS_SSL_CLI_C
#endif
#define MBEDTLS_SSL_PROTO_TLS1_2
#define MBEDTLS_SSL_PROTO_TLS1_3
#define MBEDTLS_SSL_TLS1_3_COMPATIBILITY_MODE
#define MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_EPHEMERAL_ENABLED
#define MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_PSK_EPHEMERAL_ENABLED
#define MBEDTLS_SSL_SESSION_TICKETS
#define MBEDTLS_SSL_TICKET_C
#define MBEDTLS_SSL_EXTENDED_MASTER_SECRET
#define MBEDTLS_SSL_KEEP_PEER_CERTIFICATE
#define MBEDTLS_SSL_MAX_FRAGMENT_LENGTH
#if MIDGE_TLS_VERIFY
#define MBEDTLS_SSL_SERVER_NAME_INDICATION
#else
#define MBEDTLS_ECDSA_VERIFY_ALT
#endif
#define MBEDTLS_SSL_ALL_ALERT_MESSAGES
#if MIDGE_TLS_RSA
#define MBEDTLS_KEY_EXCHANGE_ECDHE_RSA_ENABLED
#endif
#define MBEDTLS_KEY_EXCHANGE_ECDHE_ECDSA_ENABLED

#define MBEDTLS_SSL_IN_CONTENT_LEN MIDGE_TLS_IN_BYTES
#define MBEDTLS_SSL_OUT_CONTENT_LEN MIDGE_TLS_OUT_BYTES

// Where nobody is asked for a certificate, the two files of the server have anonymity.c in place of
// what would look at one.
#if defined(TLS_SERVER) && !MIDGE_TLS_VERIFY
#define mbedtls_pk_verify anonymity_refuse_signature
#define mbedtls_ssl_parse_certificate anonymity_pass
#define mbedtls_ssl_tls13_process_certificate anonymity_refuse
#define mbedtls_ssl_tls13_process_certificate_verify anonymity_refuse
#endif

// ---- Certificates and keys ----------------------------------------------------------------------

#define MBEDTLS_X509_USE_C
#define MBEDTLS_X509_CRT_PARSE_C
#if MIDGE_TLS_RSA
#define MBEDTLS_X509_RSASSA_PSS_SUPPORT
#endif
#define MBEDTLS_X509_REMOVE_INFO
#define MBEDTLS_PK_C
#define MBEDTLS_PK_PARSE_C
#if MIDGE_TLS_HUB
#define MBEDTLS_PK_PARSE_EC_EXTENDED
#define MBEDTLS_PEM_PARSE_C
#define MBEDTLS_BASE64_C
#endif
#define MBEDTLS_ASN1_PARSE_C
#define MBEDTLS_ASN1_WRITE_C
#define MBEDTLS_OID_C

// ---- Primitives ---------------------------------------------------------------------------------

#define MBEDTLS_PSA_CRYPTO_C
#if !MIDGE_TLS_HUB
#define MBEDTLS_PSA_CRYPTO_CONFIG
#define MBEDTLS_PSA_CRYPTO_CONFIG_FILE "port/tls/psa.h"
#define MBEDTLS_BLOCK_CIPHER_NO_DECRYPT
#endif
#define MBEDTLS_PSA_ASSUME_EXCLUSIVE_BUFFERS
#define MBEDTLS_BIGNUM_C
#define MBEDTLS_ECP_C
#define MBEDTLS_ECP_DP_SECP256R1_ENABLED
#if MIDGE_TLS_HUB
#define MBEDTLS_ECP_DP_SECP384R1_ENABLED
#define MBEDTLS_ECP_DP_SECP521R1_ENABLED
#endif
#define MBEDTLS_ECP_DP_CURVE25519_ENABLED
#define MBEDTLS_ECP_NIST_OPTIM
#define MBEDTLS_ECDH_C
#define MBEDTLS_ECDSA_C
#if MIDGE_TLS_RSA
#define MBEDTLS_RSA_C
#define MBEDTLS_PKCS1_V15
#define MBEDTLS_PKCS1_V21
#endif
#define MBEDTLS_MD_C
#define MBEDTLS_SHA256_C
#if MIDGE_TLS_HUB
#define MBEDTLS_SHA224_C
#define MBEDTLS_SHA384_C
#define MBEDTLS_SHA512_C
#endif
#define MBEDTLS_HKDF_C
#define MBEDTLS_CIPHER_C
#define MBEDTLS_AES_C
#define MBEDTLS_AES_ROM_TABLES
#if !MIDGE_TLS_HUB
#define MBEDTLS_AES_FEWER_TABLES
#define MBEDTLS_SHA256_SMALLER
#endif
#define MBEDTLS_GCM_C
#if MIDGE_TLS_HUB
#define MBEDTLS_GCM_ALT
#endif
#if MIDGE_TLS_CHACHA
#define MBEDTLS_CHACHA20_C
#define MBEDTLS_POLY1305_C
#define MBEDTLS_CHACHAPOLY_C
#define MBEDTLS_CHACHAPOLY_ALT
#endif

#endif
