// The configuration text that was written into flash (boards/chip/slots.h).

#ifndef CHIP_SETTINGS_H
#define CHIP_SETTINGS_H

#include "boards/chip/slots.h"

// A board may say in its board.h how much flash a slot takes; a power of two.
#ifndef SETTINGS_SLOT_BYTES
#define SETTINGS_SLOT_BYTES 4096
#endif
#define SETTINGS_TEXT_MAX SLOTS_ROOM(SETTINGS_SLOT_BYTES)

extern const struct slots settings_slots;

#endif
