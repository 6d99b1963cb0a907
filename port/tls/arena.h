// Memory of fixed size out of which Mbed TLS takes what it allocates, so that it needs no heap: one
// arena for each TLS connection, and one for each set of certificates. What fragments one of them
// concerns no other, and a connection that wants more than its arena has ends alone.
//
// Large numbers are the exception: those of all connections lie in an arena that they share. They
// come and go within one step of one handshake, but for a few that last as long as the handshake.
//
// A block costs a header of 8 bytes; sizes are multiples of 8 bytes. Free blocks are joined with
// their neighbours at once, and the first that is large enough is taken.

#ifndef TLS_ARENA_H
#define TLS_ARENA_H

#include <stddef.h>
#include <stdint.h>

#define ARENA_BYTES_MAX (65535 * 8)

struct arena {
    uint16_t units;       // of 8 bytes, this header included
    uint16_t free;        // the first free block, 0 for none
    uint16_t used, high;  // units in blocks now, and the most ever
};

// Makes `bytes` at `arena`, a multiple of 8 and at most ARENA_BYTES_MAX, into an empty arena.
void arena_init(struct arena *arena, uint32_t bytes);

// The arenas that allocations come from, from now on, those of large numbers from the second one.
// What is freed goes back to where it came from.
void arena_use(struct arena *arena, struct arena *numbers);

// The first of them.
struct arena *arena_in_use(void);

// What Mbed TLS allocates by. Zeroed, or NULL.
void *arena_calloc(size_t n, size_t bytes);
void *arena_calloc_number(size_t n, size_t bytes);
void arena_free(void *memory);

#endif
