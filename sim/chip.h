// The configuration of a small board in its flash, kept by the board's own code
// (boards/chip/slots.h): its operator writes another now and then, which is on trial from the next
// start on, and may confirm it; power may be cut in any operation, and sectors wear out. Wherever
// that happens, the text that a start runs with is the one before or the new one, whole; and the
// new one has one start, unless it was confirmed.

#ifndef SIM_CHIP_H
#define SIM_CHIP_H

#include <stdbool.h>
#include <stdint.h>

#include "boards/chip/settings.h"
#include "sim/flash.h"

struct world;
struct site;

// A text that may be there.
struct chip_text {
    int32_t bytes;  // below 0: none
    char text[SETTINGS_TEXT_MAX];
};

// Of what was done since the last start and the last sync, a cut of power may leave anything.
struct chip {
    struct flash flash;
    bool writing, erasing;  // is under way
    bool on_trial;          // what is written will be
    bool torn;              // what is on trial may be there, as if it had had no start
    bool halved;            // what is kept may be gone
    bool confirmed;         // what is on trial may be kept
    bool begun;             // it had its start
    bool trying;            // and that is this one
    struct slots_work work;
    struct chip_text kept, trial, next;
};

// A board out of its box.
void chip_make(struct world *w, struct site *s);

// Power is on: reads the text to run with, and answers its length, or less than 0 where there is
// none.
int32_t chip_start(struct world *w, struct site *s, char text[SETTINGS_TEXT_MAX]);

// Power is cut.
void chip_cut(struct site *s);

// Its event: an operation of its flash is done, its operator begins to write, or power is back.
void chip_act(struct world *w, struct site *s);

#endif
