// The files that tell of a running hub: its process id, and the ports that it listens on.

#ifndef LINUX_FILES_H
#define LINUX_FILES_H

#include "broker/broker.h"

// Writes the process id. Whoever cannot write it ends the process.
void files_write_pid(const struct midge_config *config);

// Writes the addresses in use, with the ports as bound (0: none), for a program of this name, if
// the configuration asks for it.
void files_write_ports(const struct midge_config *config, const char *name, int32_t bound,
                       int32_t http_bound);

// Writes what a reload puts elsewhere.
void files_reload(const struct midge_config *from, const struct midge_config *to);

// Removes the file of the ports. That of the process id stays.
void files_remove(const struct midge_config *config);

#endif
