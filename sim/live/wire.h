// The wire between the board and its network, on which frames fare as the faults have it.

#ifndef SIM_LIVE_WIRE_H
#define SIM_LIVE_WIRE_H

#include <stdbool.h>
#include <stdint.h>

enum way { TO_BOARD, FROM_BOARD, WAYS };

// What became of the frames.
struct wire_count {
    uint32_t frames, lost, twice, late;
};

// Sends a frame on its way, or what is left of it.
void wire_send(enum way way, const uint8_t *bytes, uint32_t n);

// Takes the next frame that arrives by now. Its bytes stay until the next call.
bool wire_arrives(enum way *way, const uint8_t **bytes, uint32_t *n);

// When the next one arrives.
uint64_t wire_due_us(void);

// Of both ways together.
struct wire_count wire_count(void);

// Whether a line tells of each frame that fares otherwise than well.
extern bool wire_traced;

#endif
