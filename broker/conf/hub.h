// What only a hub reads: options of a system with files, and of features that nats-server has and
// Midge lacks; and the command line. Only where MIDGE_CONFIG_HUB is set.

#ifndef CONF_HUB_H
#define CONF_HUB_H

#include "broker/conf/option.h"

// Reads the value of such an option into `to`.
void hub_read(struct reader *r, const struct option *o, void *to, const struct entry *e);

#endif
