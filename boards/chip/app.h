// The application on the same chip: one file of boards/chip/app, which the image is named after
// (make BOARD=x APP=sensor). Midge alone has an empty one.
//
// Both functions may call all that broker.h has for the application. Whatever takes long holds up
// every connection, and in the end the watchdog.

#ifndef CHIP_APP_H
#define CHIP_APP_H

#include "broker/broker.h"

// Once, before the first turn of the network.
void app_start(struct midge *m);

// After each turn of the network, some four a second where nothing happens.
void app_turn(struct midge *m);

#endif
