// A set of certificates, and the options that go with it: what the handshakes of the listeners go
// by, or those of calls to one remote. It lies in an arena of its own.

#ifndef TLS_SET_H
#define TLS_SET_H

#include <mbedtls/ssl.h>
#include <mbedtls/ssl_ticket.h>

#include "port/port.h"
#include "port/tls/arena.h"

struct set {
    bool ready;
    mbedtls_ssl_config config;
    mbedtls_x509_crt authorities;
    struct pair {
        mbedtls_x509_crt certificates;
        mbedtls_pk_context key;
    } pairs[MIDGE_TLS_CERTS_MAX];
    uint32_t pairs_count;
    mbedtls_ssl_ticket_context tickets;
    int ciphers[MIDGE_TLS_CIPHERS_MAX + 4];  // and those of TLS 1.3, and an end
    uint16_t groups[MIDGE_TLS_CURVES_MAX + 1];
    union {
        struct arena arena;
        uint64_t bytes[MIDGE_TLS_SET_BYTES / 8];
    };
};

// Fills it, once its arena is empty and in use: for calls, or for listeners. NULL, or what is
// wrong, as port_certify has it.
const char *set_load(struct set *s, bool calls, const struct midge_tls_options *options,
                     const struct port_certificates *files);

// Frees all that it holds, while its arena is in use.
void set_free(struct set *s);

// When the first of its certificates ends, and when the first of all does; 0 where there is none.
void set_ends(const struct set *s, uint64_t *certificate_us, uint64_t *first_us);

// A certificate's date in microseconds since 1970; at least 1.
uint64_t set_time_us(const mbedtls_x509_time *t);

// What all sets and connections compute with.
extern union tls_numbers {
    struct arena arena;
    uint64_t bytes[MIDGE_TLS_NUMBERS_BYTES / 8];
} tls_numbers;

// Entropy, as Mbed TLS asks for it.
int tls_random(void *context, unsigned char *to, size_t n);

#endif
