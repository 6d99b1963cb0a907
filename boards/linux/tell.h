// Telling a running hub something by a signal: the flag -sl.

#ifndef LINUX_TELL_H
#define LINUX_TELL_H

#include "boards/linux/command.h"

// Does what the flag says, and ends the process.
_Noreturn void tell(const struct command *command);

#endif
