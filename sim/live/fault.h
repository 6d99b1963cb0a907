// What goes wrong, and how much of it: one number each, set by a flag or a command of its name.
//
// All chance comes from the seed. The fate of a frame is a function of the seed, its way and its
// number, that of a client of its number, and so on: what is decided for one thing does not depend
// on what was rolled for another, and so not on the host's pace either.

#ifndef SIM_LIVE_FAULT_H
#define SIM_LIVE_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/dice.h"

enum fault {
    // Rates, in a hundred.
    DROP,
    DUPLICATE,
    REORDER,
    SLOW_READER,
    POOL_FAILURE,
    // Quantities.
    DELAY,
    BANDWIDTH,
    // Events, by the seconds between two.
    HALF_OPEN,
    LINK_FLAP,
    POWER_CUT,
    TORN_WRITE,
    CLOCK_WRAP,
    FAULTS
};

// Begins, with what was set already.
void fault_start(uint64_t seed);

// Sets a fault by its name and a number as text. An event without a number strikes at once, and its
// number stays. Answers NULL, or what is wrong.
const char *fault_set(const char *name, const char *number);

// How long link or power are away.
#define FAULT_US_MIN 200000
#define FAULT_US_MAX 3000000

// Its number, in thousandths.
uint32_t fault_number(enum fault f);

// What help tells of it: its name, what its number counts, and what it does.
const char *fault_name(enum fault f);
const char *fault_argument(enum fault f);
const char *fault_meaning(enum fault f);

// The dice of the n-th thing that a fault, or something else, may concern.
enum { DICE_WAY = FAULTS, DICE_LIFE = FAULTS + 2, DICE_FLASH, DICE_SEQUENCE };
struct dice fault_dice(uint32_t what, uint64_t n);

// Rolls for a rate.
bool fault_befalls(enum fault f, struct dice *dice);

// Takes an event that is due, with its dice. False where there is none.
bool fault_strikes(enum fault *f, struct dice *dice);

// When the next one is.
uint64_t fault_due_us(void);

#endif
