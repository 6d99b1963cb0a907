// Options that are counts or durations, brought within their bounds.

#ifndef CONF_QUANTITY_H
#define CONF_QUANTITY_H

#include "broker/conf/option.h"

// Reads the value of such an option into its member of `into`.
void quantity_read(struct reader *r, const struct option *o, void *into, const struct entry *e);

#endif
