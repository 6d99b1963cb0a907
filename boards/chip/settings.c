#include "boards/chip/settings.h"

_Static_assert(SETTINGS_SLOT_BYTES >= 512 && (SETTINGS_SLOT_BYTES & (SETTINGS_SLOT_BYTES - 1)) == 0,
               "SETTINGS_SLOT_BYTES: 512 or more, a power of two");

const struct slots settings_slots = {.magic = 0x4347444Du, .bytes = SETTINGS_SLOT_BYTES};  // "MDGC"
