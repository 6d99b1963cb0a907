// The block `tls`, and what else concerns TLS. With MIDGE_TLS only.

#ifndef CONF_TLS_H
#define CONF_TLS_H

#include "broker/conf/option.h"

// Reads the block, a map that was just opened, to its end, and has the board see whether its files
// are of use.
void tls_read(struct reader *r, const struct entry *e);

// Reads one of its options.
void tls_option_read(struct reader *r, const struct option *o, void *into, const struct entry *e);

// Refuses an option that will never be built, by name, unless it is off.
void tls_refuse(struct reader *r, const struct entry *e);

// Whether such an option, of one of these kinds, differs; and what a reload then logs.
static inline bool tls_compares(const struct option *o) {
    return o->kind == OPTION_TLS || o->kind == OPTION_PINS || o->kind == OPTION_FIRST;
}
bool tls_differs(const struct option *o, const struct midge_config *from,
                 const struct midge_config *to);
void tls_add_change(struct format *f, const struct option *o, const struct midge_config *to);

// Puts what the command line says of TLS in place of the block. NULL, or what is wrong.
const char *tls_override(struct midge_config *config, const struct midge_reading *reading);

#endif
