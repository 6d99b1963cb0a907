// The configuration of a small board in its flash, kept by the board's own code
// (boards/chip/settings.h): its operator writes another now and then, power may be cut in any
// operation, and sectors wear out. Wherever that happens, the text in force is the one before or
// the new one, whole, and the broker runs by it once power is back.

#ifndef SIM_CHIP_H
#define SIM_CHIP_H

#include <stdbool.h>
#include <stdint.h>

#include "boards/chip/settings.h"
#include "sim/flash.h"

struct world;
struct site;

struct chip {
    struct flash flash;
    bool writing;
    bool halved;  // an erasure failed: the text before is there or not, until another is written
    struct settings_work work;
    uint32_t old;      // which of the texts is the one before
    int32_t bytes[2];  // of each, below 0 for none
    char text[2][SETTINGS_TEXT_MAX];
};

// A board out of its box.
void chip_make(struct world *w, struct site *s);

// Power is on: reads the text in force, and answers its length, or less than 0 where there is none.
int32_t chip_start(struct world *w, struct site *s, char text[SETTINGS_TEXT_MAX]);

// Power is cut.
void chip_cut(struct site *s);

// Its event: an operation of its flash is done, its operator begins to write, or power is back.
void chip_act(struct world *w, struct site *s);

#endif
