// The command line: nats-server's flags, in the manner of Go's flag package.

#ifndef LINUX_COMMAND_H
#define LINUX_COMMAND_H

#include "broker/broker.h"

struct command {
    const char *name;         // of the program, as it was called
    const char *config_file;  // -c, or NULL
    const char *signal;       // -sl, or NULL
    bool test;                // -t
    int argc;
    char **argv;
};

// Reads the command line into `command`, and the options of its flags into a configuration, over
// what is there. Whatever ends the process is done here: a mistake, -h, -v.
void command_read(struct command *command, int argc, char **argv, struct midge_config *config);

// Sets the flags' options again, over those of a file.
void command_apply(const struct command *command, struct midge_config *config);

// Ends the process with status 1, and a word on standard error behind the program's name.
__attribute__((format(printf, 2, 3))) _Noreturn void command_fail(const struct command *command,
                                                                  const char *format, ...);

#endif
