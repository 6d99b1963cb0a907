// From a configuration to a hub that listens, with what nats-server says on the way.

#ifndef LINUX_START_H
#define LINUX_START_H

#include "boards/linux/command.h"

// Sets the process up; before anything else.
void start_prepare(void);

// Starts the broker and listens, or says why not and ends the process.
void start(struct midge *m, const struct command *command);

#endif
