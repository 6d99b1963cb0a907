// A hub's life between its start and its end: turns, and what signals ask for.

#ifndef LINUX_SERVE_H
#define LINUX_SERVE_H

#include "boards/linux/command.h"

// Serves until a signal ends it, or the last client leaves a lame duck.
void serve(struct midge *m, const struct command *command);

#endif
