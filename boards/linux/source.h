// The texts of a configuration: its file, the files that it includes, and environment variables.
//
// They are read into mappings of their own, without the heap, and stay until source_release, since
// each is read twice. Files are named and found as nats-server does: an include lies relative to
// the file that includes it, an absolute path too.

#ifndef LINUX_SOURCE_H
#define LINUX_SOURCE_H

#include "broker/broker.h"

// Reads a file once; a file that was read is found again. NULL, or the reason why it cannot be
// read.
const char *source_read(const char *path, struct midge_source *found);

// For struct midge_reading, whose context they have no use for.
const char *source_include(void *context, const char *from, const char *path, uint32_t path_bytes,
                           struct midge_source *found);
const char *source_variable(void *context, const char *name, uint32_t name_bytes);

// Writes `sha256:` and the digest of all that was read, in its order.
void source_digest(char *text, uint32_t max);

void source_release(void);

// How many were read, and forgets those that were read since then: for keys, which are no part of
// the configuration and must not stay.
uint32_t source_count(void);
void source_forget(uint32_t count);

#endif
