// The context of what takes the place of Mbed TLS's chachapoly.c; included by its chachapoly.h.

#ifndef TLS_CHACHAPOLY_ALT_H
#define TLS_CHACHAPOLY_ALT_H

#include <stdint.h>

typedef struct mbedtls_chachapoly_context {
    uint8_t key[32];
} mbedtls_chachapoly_context;

// Finds out what the processor has; once, before anything is encrypted.
void chachapoly_begin(void);

#endif
