// A hash table over the entries of a pool, by linear hashing: buckets are added one at a time as
// entries come, each splitting one older bucket, so the touched part of the bucket array follows
// the population and no insert ever rehashes the whole. Entries are chained through a link of their
// own. The users are text, subs (nodes) and subs (sids); each gives its hash and its link.

#ifndef CORE_TABLE_H
#define CORE_TABLE_H

#include <stdint.h>

#include "broker/limits.h"

struct midge;

struct table {
    uint32_t buckets;  // in use, at least 1 once anything was inserted
    uint32_t mask;     // smallest 2^k - 1 that is at least buckets - 1
    uint32_t entries;
};

typedef uint32_t table_hash(const struct midge *m, index_t i);
typedef index_t *table_link(struct midge *m, index_t i);

static inline uint32_t table_bucket(const struct table *t, uint32_t hash) {
    uint32_t b = hash & t->mask;
    return b < t->buckets ? b : b & (t->mask >> 1);
}

// Adds one bucket: the entries of its elder that hash to it move over.
static inline void table_split(struct midge *m, struct table *t, index_t *heads, table_hash *hash,
                               table_link *link) {
    uint32_t young = t->buckets++;
    if (young > t->mask)
        t->mask = t->mask << 1 | 1;
    index_t *from = &heads[young & (t->mask >> 1)];
    index_t *to = &heads[young];
    for (index_t i = *from; i != 0; i = *from) {
        index_t *next = link(m, i);
        if (table_bucket(t, hash(m, i)) == young) {
            *from = *next;
            *to = i;
            to = next;
        } else {
            from = next;
        }
    }
    *to = 0;
}

static inline void table_insert(struct midge *m, struct table *t, index_t *heads, uint32_t max,
                                table_hash *hash, table_link *link, index_t i) {
    if (t->entries++ >= t->buckets && t->buckets < max)
        table_split(m, t, heads, hash, link);
    index_t *head = &heads[table_bucket(t, hash(m, i))];
    *link(m, i) = *head;
    *head = i;
}

static inline void table_remove(struct midge *m, struct table *t, index_t *heads, table_hash *hash,
                                table_link *link, index_t i) {
    index_t *at = &heads[table_bucket(t, hash(m, i))];
    while (*at != i)
        at = link(m, *at);
    *at = *link(m, i);
    t->entries--;
}

#endif
