// What must hold of a broker's blocks: each is free, or in exactly one queue or unfinished input,
// or in a chain that is shared by as many references as are counted on it.

#ifndef SIM_STORE_H
#define SIM_STORE_H

#include "broker/broker.h"

// What is wrong with them, or NULL. Reads every queue to its end.
const char *store_check(const struct midge *m);

#endif
