// Commands on the serial console: `help` lists them. They are read a byte at a time, between turns
// of the broker, and wait for nothing.
//
// What a command answers looks like the log. Secrets are never shown, nor is a configuration while
// it is pasted.

#ifndef CHIP_COMMAND_H
#define CHIP_COMMAND_H

#include "broker/broker.h"

// What the commands tell of, for as long as the image runs.
void command_start(const struct midge *m, const struct midge_config *running, bool from_flash);

// Takes what was typed since it was called last, and goes on with what was begun. Answers whether
// flash is at work for it.
bool command_turn(void);

// Whether ESC is held down on the console, for boards without a button. Takes 0.1 s, or 1 s where
// it is.
bool command_default_wanted(void);

#endif
