// One deadline a connection, on a hierarchical wheel of 4 levels, in milliseconds.
//
// Setting, moving and cancelling cost a few list operations. Levels of 64 slots reach 4.6 hours
// ahead; where connections are few, and 512 bytes count, levels of 16 reach a minute. A deadline
// that lies further fires early, and its owner looks and sets it again. The wheel asks for a turn
// no later than the next deadline, and sometimes earlier, to move entries down a level.

#ifndef CORE_TIMER_H
#define CORE_TIMER_H

#include <stdint.h>

#include "broker/limits.h"

struct midge;

#define TIMER_LEVELS 4
#if MIDGE_CONNECTIONS_MAX > 100
#define TIMER_SLOT_BITS 6
typedef uint64_t slots_t;  // a bit per slot of a level
#else
#define TIMER_SLOT_BITS 4
typedef uint16_t slots_t;
#endif
#define TIMER_SLOTS (1 << TIMER_SLOT_BITS)

// In a connection. Links are indices of connections.
struct timer {
    uint32_t at;
    uint16_t next, prev;
    uint16_t place;  // 1 + level * TIMER_SLOTS + slot; 0: not set
};

struct wheel {
    uint32_t now;
    slots_t occupied[TIMER_LEVELS];
    uint16_t heads[TIMER_LEVELS * TIMER_SLOTS];
};

// Sees that connection c's timer fires at `at` or earlier: an earlier one stands.
void timer_need(struct midge *m, uint16_t c, uint32_t at);

void timer_cancel(struct midge *m, uint16_t c);

// Moves the wheel to `now`; `fire` is called for each timer that is due, which is no longer set.
void timer_advance(struct midge *m, uint32_t now, void (*fire)(struct midge *m, uint16_t c));

// Milliseconds until the wheel wants to be advanced again, UINT32_MAX for never.
uint32_t timer_wait_ms(const struct midge *m);

#endif
