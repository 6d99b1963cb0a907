// Users, passwords and permissions, as the block `authorization` gives them.

#ifndef CONF_AUTHORIZATION_H
#define CONF_AUTHORIZATION_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/broker.h"
#include "broker/conf/reader.h"

// Each reads the value of its entry, a map or array that was just opened, to its end. A block takes
// the place of any read before it.
void authorization_read(struct reader *r, const struct entry *e);
void users_read(struct reader *r);

// Whether one of the first `count` users has this name.
bool users_have(const struct midge_config *config, uint32_t count, const char *name);

#if MIDGE_RESPONSES_MAX > 0
// Reads what a set of permissions has of allow_responses: whether, or how many and for how long.
void responses_read(struct reader *r, struct midge_permissions *set, const struct entry *e);
#endif

#if MIDGE_NKEYS
// Reads a kind of connection or an array of them: bits MIDGE_BY_...
uint8_t kinds_read(struct reader *r, const struct entry *e);
#endif

// Reads a set of permissions and answers 1 + its index, or 0 on an error. Sets that allow the same
// are stored once.
uint32_t permissions_read(struct reader *r, const struct entry *e);

// What may be published or subscribed to, where a queue may follow each subject: a map of `allow`
// and `deny`, or what is allowed.
struct rule {
    struct midge_list allow, deny;
};
void rule_read(struct reader *r, struct rule *rule, const struct entry *e, bool queues);

// Reads a subject or an array of them, of which the first bad one is complained about.
struct midge_list subjects_read(struct reader *r, const struct entry *e, bool queues);

#endif
