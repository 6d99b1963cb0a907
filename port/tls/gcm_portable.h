// Mbed TLS's own GCM, which any processor can run, under names of its own.

#ifndef TLS_GCM_PORTABLE_H
#define TLS_GCM_PORTABLE_H

#include <stddef.h>
#include <stdint.h>

#define GCM_PORTABLE_BYTES (56 * 8)

void gcm_portable_init(void *context);
void gcm_portable_free(void *context);
int gcm_portable_setkey(void *context, const uint8_t *key, uint32_t bits);
int gcm_portable_encrypt(void *context, size_t n, const uint8_t iv[12], const uint8_t *aad,
                         size_t aad_n, const uint8_t *in, uint8_t *out, size_t tag_n, uint8_t *tag);
int gcm_portable_decrypt(void *context, size_t n, const uint8_t iv[12], const uint8_t *aad,
                         size_t aad_n, const uint8_t *tag, size_t tag_n, const uint8_t *in,
                         uint8_t *out);

#endif
