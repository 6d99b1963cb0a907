// ChaCha20's block function (RFC 8439, 2.3), of which hal/seed.c makes entropy.

#ifndef MIDGE_CHACHA20_H
#define MIDGE_CHACHA20_H

#include <stdint.h>

#define CHACHA20_KEY_WORDS 8
#define CHACHA20_BLOCK_WORDS 16

// The words are the RFC's, whose bytes are in little-endian order.
void chacha20_block(const uint32_t key[CHACHA20_KEY_WORDS], uint32_t counter,
                    const uint32_t nonce[3], uint32_t block[CHACHA20_BLOCK_WORDS]);

#endif
