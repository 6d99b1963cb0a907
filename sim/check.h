// What must hold inside a broker at any moment, whatever was done to it.

#ifndef SIM_CHECK_H
#define SIM_CHECK_H

#include "broker/broker.h"
#include "sim/dice.h"

// What is wrong inside a broker, or NULL: pools balance, references and reservations are as many as
// are counted, lists and queues hold what they say. Costs a walk over all that is in use; dice
// choose what is tried by sample.
const char *check_broker(const struct midge *m, struct dice *d);

#endif
