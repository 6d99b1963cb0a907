// The configuration in force, made of defaults, file and flags; and the one that a reload puts in
// its place. There is room for two, so that a bad one changes nothing.

#ifndef LINUX_SETTINGS_H
#define LINUX_SETTINGS_H

#include "boards/linux/command.h"

// Reads the command line and the file. Whatever is wrong ends the process, and so does -t.
void settings_load(struct command *command, int argc, char **argv);

// The configuration in force. Its port becomes the one that was bound.
struct midge_config *settings(void);

// Logs what Midge has to remark on the configuration: options without effect, maxima.
void settings_remark(void);

// Lowers the connections of this configuration, and of those after it, to what the system admits.
void settings_admit(uint32_t connections);

// Reads it all again and hands it to the broker, or logs why not.
void settings_reload(struct midge *m, const struct command *command);

#endif
