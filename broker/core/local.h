// The application in the same process: it publishes and subscribes without a socket, as a
// connection of its own whose output is read here instead of being sent.

#ifndef CORE_LOCAL_H
#define CORE_LOCAL_H

#include <stdbool.h>

struct midge;

// Hands what waits for the application to its handlers, a bounded number of messages. True while
// more is left.
bool local_turn(struct midge *m);

#endif
