// What is typed: faults by their names, and the commands that `help` lists beside them.

#ifndef SIM_LIVE_COMMAND_H
#define SIM_LIVE_COMMAND_H

#include <stdbool.h>

void command_obey(char *line);

void command_quit(void);

// Whether it is to end.
bool command_has_quit(void);

#endif
