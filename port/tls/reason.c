#define MBEDTLS_ALLOW_PRIVATE_ACCESS  // for the alert that the peer sent

#include "port/tls/reason.h"

#include <string.h>

#include <mbedtls/x509.h>

struct reason {
    int error;
    const char *text;
};

static const struct reason errors[] = {
    {MBEDTLS_ERR_SSL_NO_CLIENT_CERTIFICATE, "tls: client didn't provide a certificate"},
    {MBEDTLS_ERR_SSL_INVALID_RECORD, "tls: first record does not look like a TLS handshake"},
    {MBEDTLS_ERR_SSL_INVALID_MAC, "local error: tls: bad record MAC"},
    {MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE, "local error: tls: unexpected message"},
    {MBEDTLS_ERR_SSL_DECODE_ERROR, "local error: tls: error decoding message"},
    {MBEDTLS_ERR_SSL_ILLEGAL_PARAMETER, "local error: tls: illegal parameter"},
    {MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION, "tls: client offered only unsupported versions"},
    {MBEDTLS_ERR_SSL_HANDSHAKE_FAILURE, "tls: no cipher suite supported by both client and server"},
    {MBEDTLS_ERR_SSL_CONN_EOF, "EOF"},
    {MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY, "EOF"},
    {MBEDTLS_ERR_SSL_ALLOC_FAILED, "no room: MIDGE_TLS_BYTES is too small for this peer"},
    {MBEDTLS_ERR_SSL_BUFFER_TOO_SMALL, "no room: MIDGE_TLS_BYTES is too small for this peer"},
};

#if MIDGE_TLS_REMOTES > 0
// Where it was a call.
static const struct reason of_calls[] = {
    {MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION, "tls: server selected unsupported protocol version"},
    {MBEDTLS_ERR_SSL_HANDSHAKE_FAILURE, "tls: server chose an unconfigured cipher suite"},
};
#endif

// By the number of the alert.
static const struct {
    uint8_t number;
    const char *text;
} alerts[] = {
    {10, "unexpected message"},
    {20, "bad record MAC"},
    {40, "handshake failure"},
    {42, "bad certificate"},
    {43, "unsupported certificate"},
    {44, "revoked certificate"},
    {45, "expired certificate"},
    {46, "unknown certificate"},
    {47, "illegal parameter"},
    {48, "unknown certificate authority"},
    {49, "access denied"},
    {50, "error decoding message"},
    {51, "error decrypting message"},
    {70, "protocol version not supported"},
    {80, "internal error"},
    {90, "user canceled"},
    {109, "missing extension"},
    {116, "certificate required"},
};

static const char *certificate_reason(uint32_t verified) {
    const uint32_t dates = MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE;
    if (verified & dates)
        return "tls: failed to verify certificate: x509: certificate has expired or is not yet "
               "valid";
    if (verified == REASON_CLOCK)
        return "tls: failed to verify certificate: the clock is unknown, so no date can be judged";
    if (verified & (MBEDTLS_X509_BADCERT_EXT_KEY_USAGE | MBEDTLS_X509_BADCERT_KEY_USAGE))
        return "tls: failed to verify certificate: x509: certificate specifies an incompatible key "
               "usage";
#if MIDGE_TLS_REMOTES > 0
    if (verified == MBEDTLS_X509_BADCERT_CN_MISMATCH)
        return "tls: failed to verify certificate: x509: certificate is valid for other names, not "
               "for who was called";
#endif
    return "tls: failed to verify certificate: x509: certificate signed by unknown authority";
}

// Both texts are short beside the room for them.
static const char *join(char text[256], const char *first, const char *second) {
    size_t n = strlen(first);
    memcpy(text, first, n);
    memcpy(text + n, second, strlen(second) + 1);
    return text;
}

static const char *alert_reason(uint8_t number, char text[256]) {
    const char *name = "unknown alert";
    for (uint32_t i = 0; i < sizeof alerts / sizeof alerts[0]; i++) {
        if (alerts[i].number == number)
            name = alerts[i].text;
    }
    return join(text, "remote error: tls: ", name);
}

static const char *number_reason(int error, char text[256]) {
    char digits[5] = "";
    for (int i = 0; i < 4; i++)
        digits[i] = "0123456789abcdef"[-error >> (12 - 4 * i) & 15];
    return join(text, "tls: error -0x", digits);
}

static const char *find(const struct reason *reasons, size_t count, int error) {
    for (size_t i = 0; i < count; i++) {
        if (reasons[i].error == error)
            return reasons[i].text;
    }
    return NULL;
}

const char *reason_of(int error, uint32_t verified, const mbedtls_ssl_context *ssl,
                      char text[256]) {
    if (MIDGE_TLS_VERIFY && error == MBEDTLS_ERR_X509_CERT_VERIFY_FAILED)
        return certificate_reason(verified);
    if (error == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE)
        return alert_reason(ssl->in_msg[1], text);
    const char *found = NULL;
#if MIDGE_TLS_REMOTES > 0
    if (ssl->conf->endpoint == MBEDTLS_SSL_IS_CLIENT)
        found = find(of_calls, sizeof of_calls / sizeof of_calls[0], error);
#endif
    if (found == NULL)
        found = find(errors, sizeof errors / sizeof errors[0], error);
    return found != NULL ? found : number_reason(error, text);
}
