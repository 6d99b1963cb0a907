// Midge alone.

#include "boards/chip/app.h"

void app_start(struct midge *m) {
    (void)m;
}

void app_turn(struct midge *m) {
    (void)m;
}
