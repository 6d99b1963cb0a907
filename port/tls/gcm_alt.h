// The context of what takes the place of Mbed TLS's gcm.c; included by its gcm.h.

#ifndef TLS_GCM_ALT_H
#define TLS_GCM_ALT_H

#include <stdint.h>

typedef struct mbedtls_gcm_context {
    uint64_t state
        [56];  // of the implementation that the processor has: see gcm_fast.h and gcm_portable.c
    uint32_t rounds;  // of AES, 0 for the portable one
} mbedtls_gcm_context;

#endif
