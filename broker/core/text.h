// Interned text: each distinct byte string is stored once and counted. Subject tokens, queue names,
// long sids and the names that clients give are texts, so equal ones share and compare by index.
//
// A text takes a cell for its first bytes and a further one for each TEXT_MORE_BYTES. What bounds
// it: MIDGE_TEXTS_MAX cells; a length of 65,535. A lookup costs one probe and no copy.

#ifndef CORE_TEXT_H
#define CORE_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/limits.h"

struct midge;

#define TEXT_CELL_BYTES 24
#define TEXT_FIRST_BYTES (TEXT_CELL_BYTES - 3 * sizeof(index_t) - 2)
#define TEXT_MORE_BYTES (TEXT_CELL_BYTES - sizeof(index_t))

struct text {
    index_t more;  // the cell with the next bytes; first, as it links a further cell too
    union {
        struct {
            index_t next;  // in its bucket
            index_t refs;
            uint16_t bytes;
            uint8_t first[TEXT_FIRST_BYTES];
        };
        uint8_t rest[TEXT_MORE_BYTES];  // of a further cell
    };
};

_Static_assert(sizeof(struct text) == TEXT_CELL_BYTES, "a text cell has no padding");

// The hash of a text, taken cell by cell so that one in its cells hashes as one in a line does.
uint32_t text_hash(uint32_t seed, const uint8_t *bytes, uint32_t n);

// text_hash of a text.
uint32_t text_rehash(const struct midge *m, index_t t);

// Finds a text by its hash without counting it; 0 where it is not interned.
index_t text_find(const struct midge *m, uint32_t hash, const uint8_t *bytes, uint32_t n);

// Finds or adds a text and counts one reference; 0 where the pool is full or n is over 65,535.
index_t text_hold(struct midge *m, const uint8_t *bytes, uint32_t n);

// Counts one reference more of a text that is held; 0 stays 0.
index_t text_again(struct midge *m, index_t t);

// Gives a reference back; 0 is none.
void text_drop(struct midge *m, index_t t);

// Copies a text to `to`, at most `max` bytes; answers its whole length. 0 is the empty text.
uint32_t text_copy(const struct midge *m, index_t t, uint8_t *to, uint32_t max);

bool text_equals(const struct midge *m, index_t t, const uint8_t *bytes, uint32_t n);

#endif
