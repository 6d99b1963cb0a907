// Whether what is new in flash works. A configuration has worked once a client was let in that
// connected under it; credentials, once whoever uses them says so; either, once somebody types
// `confirm`. What has not worked within TRIAL_S after its first start is given up by a reset, and
// so it is by any other: the next start goes back to what was before (boards/chip/slots.h).

#ifndef CHIP_TRIAL_H
#define CHIP_TRIAL_H

#include <stdbool.h>

#include "broker/broker.h"

// A board may say in its board.h how many seconds that are: up to 4,000.
#ifndef TRIAL_S
#define TRIAL_S 600
#endif

enum trial { TRIAL_CONFIGURATION, TRIAL_IDENTITY, TRIALS };

// This start is the first with it; or the one before was, and did not end well.
void trial_begin(enum trial which);
void trial_lost(enum trial which);

// Whether anything is on trial: nothing else is written into its place until it ends.
bool trial_is_on(void);

// It has worked. Waits for flash.
void trial_end(enum trial which);

// After each turn of the broker. Does not return where the time is over.
void trial_turn(const struct midge *m);

#endif
