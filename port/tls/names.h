// Who a peer is by its certificate, in the forms in which Go's crypto/x509 shows it: so a
// configuration written for nats-server means the same here.

#ifndef TLS_NAMES_H
#define TLS_NAMES_H

#include <mbedtls/x509_crt.h>

#include "broker/broker.h"

// Fills in the names and fingerprints. They stay valid until the next call.
void names_of(const mbedtls_x509_crt *certificate, struct midge_tls *told);

// Whether it is for a host of this name, which need not end in NUL; or of this address.
bool names_have(const mbedtls_x509_crt *certificate, const char *name, size_t n);
bool names_have_address(const mbedtls_x509_crt *certificate, const uint8_t *ip, size_t n);

// The same of what monitoring shows of it, and of those that came with it.
void names_of_chain(const mbedtls_x509_crt *certificate, struct midge_tls *told);

#endif
