// The wall clock of a chip that has none: it counts from what it was told, until the next reset.

#include "hal/hal.h"

static uint64_t ahead_us;  // of hal_us; 0: it is unknown
static uint64_t last_us;   // what it said last

uint64_t hal_wall_us(void) {
    if (ahead_us == 0)
        return 0;
    uint64_t us = hal_us() + ahead_us;
    last_us = us > last_us ? us : last_us;
    return last_us;
}

void hal_wall_set(uint64_t us) {
    uint64_t now_us = hal_us();
    last_us = hal_wall_us();  // which it does not go back behind
    ahead_us = us > now_us ? us - now_us : 0;
}
