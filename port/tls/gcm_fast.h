// AES-GCM by the processor's instructions, where it has them: AES-NI and PCLMULQDQ. Keys of 128 and
// of 256 bits, IVs of 12 bytes.

#ifndef TLS_GCM_FAST_H
#define TLS_GCM_FAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gcm_fast {
    uint8_t keys[15][16];   // of the rounds
    uint8_t powers[8][16];  // of the hash key, each times x, the first power last
};

// Whether this processor has it.
bool gcm_fast_available(void);

// Computes what there is to be computed of a key, whose rounds' keys were expanded.
void gcm_fast_begin(struct gcm_fast *gcm, uint32_t rounds);

// Encrypts or decrypts n bytes, in place or from one place to another, and computes the tag.
void gcm_fast_crypt(const struct gcm_fast *gcm, uint32_t rounds, bool decrypt, const uint8_t iv[12],
                    const uint8_t *aad, size_t aad_n, const uint8_t *in, uint8_t *out, size_t n,
                    uint8_t tag[16]);

#endif
