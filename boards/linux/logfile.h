// The log, line by line as nats-server writes it: `[pid] 2026/01/02 03:04:05.000006 [INF] text`, to
// standard error (in colour on a terminal) or to a file, which is rotated when it grows too long.
//
// Costs no heap. A file that cannot be written loses its lines; the hub goes on.

#ifndef LINUX_LOGFILE_H
#define LINUX_LOGFILE_H

#include "broker/broker.h"

// Opens the log that a configuration asks for, in place of the one that is open. False, with errno
// set and nothing changed, where its file cannot be opened.
bool logfile_open(const struct midge_config *config);

// Opens the file again, which somebody has moved away.
bool logfile_reopen(void);

// Writes one line at once.
__attribute__((format(printf, 2, 3))) void logfile_say(enum midge_level level, const char *format,
                                                       ...);

// Writes it and ends the process with status 1.
__attribute__((format(printf, 1, 2))) _Noreturn void logfile_die(const char *format, ...);

// Writes what the broker has to say.
void logfile_drain(struct midge *m);

// The system's reason for an error, as Go words it: in lower case.
const char *reason(int error);

#endif
