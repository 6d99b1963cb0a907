// Options that are counts or durations, brought within their bounds.

#ifndef CONF_QUANTITY_H
#define CONF_QUANTITY_H

#include "broker/conf/option.h"

// Reads the value of such an option into its member of `into`.
void quantity_read(struct reader *r, const struct option *o, void *into, const struct entry *e);

#if MIDGE_RESPONSES_MAX > 0
// Reads how long a reply is awaited: ms, 0 for ever. It stays as it is where that is not said.
void quantity_expires(struct reader *r, uint32_t *to, const struct entry *e);
#endif

#endif
