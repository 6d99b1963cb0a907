// A chip made of a process of the host: what it shares with whoever plays the world around it, who
// starts the process with these descriptors.

#ifndef MIDGE_HAL_POSIX_H
#define MIDGE_HAL_POSIX_H

#include "hal/hal.h"

// Standard input and output are the serial port: pipes that do not wait. The end of its input ends
// the process.
#define POSIX_CABLE 3  // a socket that keeps frames apart (SOCK_SEQPACKET); they have no padding
#define POSIX_FLASH \
    4                 // a file that is mapped where the chip has its flash; what it lacks is erased
#define POSIX_CHIP 5  // a file that begins with struct posix_chip, mapped by both

#define POSIX_FRAME_BYTES 1600  // no frame is longer

struct posix_chip {
    // Of the world.
    bool link;          // whether the cable carries one
    uint64_t start_us;  // what the clock begins with
    uint32_t dropped;   // frames that the cable's socket had no room for

    // Flash as it comes from where it was made has a seed (hal/seed.c): this one, where it has none
    // yet.
    bool unseeded;
    uint8_t seed[HAL_SEED_BYTES];

    // Memory that outlives a reset: whoever starts the process again counts the boots, and clears
    // it where power was cut. A process that ends by a signal has met a fault.
    struct hal_record record;
};

// What is mapped from POSIX_CHIP.
extern struct posix_chip *posix_chip;

#endif
