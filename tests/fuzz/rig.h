// What the targets share: a broker that starts the same way every time, and the input cut to
// pieces.

#ifndef FUZZ_RIG_H
#define FUZZ_RIG_H

#include <stdint.h>
#include <stdlib.h>

#include "broker/broker.h"

// What must hold, or the input at hand is a finding.
#define MUST(condition)                      \
    do {                                     \
        if (!(condition))                    \
            midge_panic(__FILE__, __LINE__); \
    } while (0)

// What is left of a target's input. Beyond its end there are zeros.
struct feed {
    const uint8_t *at;
    size_t left;
};

uint8_t feed_byte(struct feed *f);

// A copy of the next n bytes, or of what is left, with nothing around it that may be read; the
// caller frees it. *n is set to its length.
uint8_t *feed_copy(struct feed *f, uint32_t *n);

// Reads a configuration that is expected to be right.
void rig_configure(struct midge_config *config, const char *text);

// Starts a broker, with the same random bytes every time.
void rig_start(struct midge *m, const struct midge_config *config);

// Turns with the clock standing still.
void rig_turn(struct midge *m);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

#endif
