// What is going to happen, and when: a binary heap over a fixed set of slots, each of which has at
// most one event ahead of it. Events of the same instant come in the order of their slots, so the
// order of all events is a function of their times alone.

#ifndef SIM_AGENDA_H
#define SIM_AGENDA_H

#include <stdbool.h>
#include <stdint.h>

#define AGENDA_SLOTS 1024
#define AGENDA_NEVER UINT64_MAX

struct agenda {
    uint32_t count;
    uint16_t heap[AGENDA_SLOTS + 1];
    uint16_t place[AGENDA_SLOTS];  // in the heap, 0 where nothing is planned
    uint64_t at_us[AGENDA_SLOTS];
};

// Plans the slot's event for `at_us`, unless an earlier one is planned already.
void agenda_plan(struct agenda *a, uint32_t slot, uint64_t at_us);

// Forgets it.
void agenda_cancel(struct agenda *a, uint32_t slot);

// The next event, which is then no longer planned. False where there is none.
bool agenda_next(struct agenda *a, uint32_t *slot, uint64_t *at_us);

#endif
