#include "hal/chacha20.h"

#include <string.h>

#include "hal/hal.h"

static void mix(uint32_t *a, uint32_t *b, uint32_t *d, uint32_t turn) {
    *a += *b;
    *d ^= *a;
    *d = *d << turn | *d >> (32 - turn);
}

static void quarter(uint32_t *a, uint32_t *b, uint32_t *c, uint32_t *d) {
    mix(a, b, d, 16);
    mix(c, d, b, 12);
    mix(a, b, d, 8);
    mix(c, d, b, 7);
}

void chacha20_block(const uint32_t key[CHACHA20_KEY_WORDS], uint32_t counter,
                    const uint32_t nonce[3], uint32_t block[CHACHA20_BLOCK_WORDS]) {
    uint32_t start[CHACHA20_BLOCK_WORDS] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
    memcpy(start + 4, key, CHACHA20_KEY_WORDS * sizeof key[0]);
    start[12] = counter;
    memcpy(start + 13, nonce, 3 * sizeof nonce[0]);
    memcpy(block, start, sizeof start);
    for (uint32_t round = 0; round < 20; round++) {
        // Columns and diagonals in turn.
        uint32_t step = round % 2;
        for (uint32_t i = 0; i < 4; i++)
            quarter(&block[i], &block[4 + (i + step) % 4], &block[8 + (i + 2 * step) % 4],
                    &block[12 + (i + 3 * step) % 4]);
    }
    for (uint32_t i = 0; i < CHACHA20_BLOCK_WORDS; i++)
        block[i] += start[i];
    hal_wipe(start, sizeof start);
}
