// What must hold of a broker's timers: each deadline has one that is in time, none has passed
// without an effect, and the wheel asks to be turned when the next is due.

#ifndef SIM_WHEEL_H
#define SIM_WHEEL_H

#include "broker/broker.h"

// What is wrong with them at the end of a turn, or NULL. Looks at each connection.
const char *wheel_check(const struct midge *m);

#endif
