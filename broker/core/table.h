// A hash table over the entries of a pool, by linear hashing: buckets are added one at a time as
// entries come, each splitting one older bucket, so the touched part of the bucket array follows
// the population and no insert ever rehashes the whole. Entries are chained through a link of their
// own. The users are text, subs (nodes) and subs (sids); each gives its hash and its link.
//
// Where an index has 32 bits, a link carries some bits of its entry's hash, and whether another
// entry follows: so a search for what is not there ends, as a rule, without touching an entry.

#ifndef CORE_TABLE_H
#define CORE_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/limits.h"

struct midge;

#define LINK_WIDE (sizeof(index_t) == 4)
#define LINK_INDEX ((index_t)(LINK_WIDE ? 0x00ffffffu : 0xffffu))
#define LINK_TAG ((index_t)(LINK_WIDE ? 0x7f000000u : 0))
#define LINK_MORE ((index_t)(LINK_WIDE ? 0x80000000u : 0))

struct table {
    uint32_t buckets;  // in use, at least 1 once anything was inserted
    uint32_t mask;     // smallest 2^k - 1 that is at least buckets - 1
    uint32_t entries;
};

// What a table is of.
struct table_entries {
    uint32_t buckets_max;
    uint32_t per_entry;  // buckets; one is enough, more make a chain rarer
    uint32_t (*hash)(const struct midge *m, index_t i);
    index_t *(*link)(struct midge *m, index_t i);
};

static inline uint32_t table_bucket(const struct table *t, uint32_t hash) {
    // A shift by the outcome instead of a choice: it is as good as random.
    return hash & t->mask >> ((hash & t->mask) >= t->buckets);
}

// The entry to which a link leads if it may have that hash, else 0. Masks instead of choices here,
// since what a hash decides no processor foresees.
static inline index_t link_to(index_t link, uint32_t hash) {
    return link & LINK_INDEX & (index_t) - (((link ^ (index_t)hash) & LINK_TAG) == 0);
}

// Whether an entry follows that to which `link` leads, whose own link is `next`.
static inline bool link_more(index_t link, index_t next) {
    return LINK_WIDE ? (link & LINK_MORE) != 0 : next != 0;
}

void table_insert(struct midge *m, struct table *t, index_t *heads,
                  const struct table_entries *entries, index_t i);

void table_remove(struct midge *m, struct table *t, index_t *heads,
                  const struct table_entries *entries, index_t i);

#endif
