// The configurations that unit tests keep, each with all that nats-server says of it: operators of
// the world write them behind what is right.

#ifndef SIM_CASES_H
#define SIM_CASES_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/broker.h"
#include "sim/dice.h"
#include "sim/page.h"
#include "sim/words.h"

// Writes one behind what stands on a page, and adds to `owed` what is said of it, a line each with
// a letter for its severity. Answers whether nothing else is said then, and nothing is read, since
// the grammar is broken.
bool cases_write(struct page *p, struct words *owed);

// What they include, and the variables of their environment, as struct midge_reading has it.
const char *cases_include(const char *path, uint32_t path_bytes, struct midge_source *found);
const char *cases_variable(const char *name, uint32_t name_bytes);
const char *cases_secure(void *context, const struct midge_config *config,
                         const struct midge_tls_options *options);

#endif
