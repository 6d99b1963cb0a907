// SUB and UNSUB: what a client subscribes to, within its limits and permissions.

#ifndef CORE_SUBSCRIPTION_H
#define CORE_SUBSCRIPTION_H

#include <stdint.h>

struct midge;
struct conn;

void subscription_add(struct midge *m, struct conn *c, const uint8_t *args, uint32_t n);
void subscription_drop(struct midge *m, struct conn *c, const uint8_t *args, uint32_t n);

// After a reload that changed what c may do: ends its subscriptions that are no longer allowed.
void subscription_recheck(struct midge *m, struct conn *c);

#endif
