// What the programs share that write a board's flash on the machine that builds.

#ifndef CHIP_HOST_H
#define CHIP_HOST_H

#include <stdint.h>

// Says what is wrong with what, and answers 1, a program's status.
int host_fail(const char *name, const char *why);

// Reads a file into `text`, a NUL behind it. Answers its length, `room` where it is as long or
// longer, and -1 where it cannot be read.
int32_t host_read(const char *name, char *text, uint32_t room);

#endif
