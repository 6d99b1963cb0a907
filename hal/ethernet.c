// Frames through a MAC's data register, a word at a time.

#include <string.h>

#include "hal/parts.h"

uint32_t ethernet_bytes(const struct hal_span *pieces, uint32_t count) {
    uint32_t bytes = 0;
    for (uint32_t i = 0; i < count; i++)
        bytes += pieces[i].n;
    return bytes;
}

void ethernet_fill(volatile uint32_t *port, uint16_t head, const struct hal_span *pieces,
                   uint32_t count) {
    uint32_t word = head;
    uint32_t bits = 16;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = i == 0 ? HAL_ETHERNET_PAD : 0;
        while (at < pieces[i].n) {
            if (bits == 0 && pieces[i].n - at >= 4) {
                memcpy(&word, pieces[i].bytes + at, 4);
                *port = word;
                word = 0;
                at += 4;
                continue;
            }
            word |= (uint32_t)pieces[i].bytes[at++] << bits;
            bits = (bits + 8) % 32;
            if (bits == 0) {
                *port = word;
                word = 0;
            }
        }
    }
    if (bits != 0)
        *port = word;
}

void ethernet_take(volatile uint32_t *port, void *to, uint32_t n) {
    uint8_t *bytes = to;
    for (; n >= 4; n -= 4) {
        uint32_t word = *port;
        memcpy(bytes, &word, 4);
        bytes += 4;
    }
    if (n > 0) {
        uint32_t word = *port;
        memcpy(bytes, &word, n);
    }
}
