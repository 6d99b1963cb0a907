// Why a handshake failed, in the words of Go's crypto/tls where it has some, since those are what
// people search their logs for.

#ifndef TLS_REASON_H
#define TLS_REASON_H

#include <stdint.h>

#include <mbedtls/ssl.h>
#include <mbedtls/x509.h>

// Found of a certificate whose dates nobody can judge.
#define REASON_CLOCK MBEDTLS_X509_BADCERT_OTHER

// The reason of a failed handshake, where `verified` is what the peer's certificate was found to
// be. It is a constant, or is composed in `text`.
const char *reason_of(int error, uint32_t verified, const mbedtls_ssl_context *ssl, char text[256]);

#endif
