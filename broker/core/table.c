#include "broker/core/table.h"

#include "broker/core/midge.h"

// Puts an entry at the head of a chain.
static void prepend(index_t *head, index_t *link, index_t i, uint32_t hash) {
    *link = *head;
    *head = (index_t)(i | (hash & LINK_TAG) | (*link != 0 ? LINK_MORE : 0));
}

// Adds one bucket: the entries of its elder that hash to it move over.
static void split(struct midge *m, struct table *t, index_t *heads,
                  const struct table_entries *entries) {
    uint32_t young = t->buckets++;
    if (young > t->mask)
        t->mask = t->mask << 1 | 1;
    uint32_t elder = young & t->mask >> 1;
    index_t i = heads[elder] & LINK_INDEX;
    heads[young] = heads[elder] = 0;
    while (i != 0) {
        index_t *link = entries->link(m, i);
        index_t next = *link & LINK_INDEX;
        uint32_t hash = entries->hash(m, i);
        prepend(&heads[table_bucket(t, hash)], link, i, hash);
        i = next;
    }
}

void table_insert(struct midge *m, struct table *t, index_t *heads,
                  const struct table_entries *entries, index_t i) {
    t->entries++;
    while (t->buckets < t->entries * entries->per_entry && t->buckets < entries->buckets_max)
        split(m, t, heads, entries);
    uint32_t hash = entries->hash(m, i);
    prepend(&heads[table_bucket(t, hash)], entries->link(m, i), i, hash);
}

void table_remove(struct midge *m, struct table *t, index_t *heads,
                  const struct table_entries *entries, index_t i) {
    index_t *to = &heads[table_bucket(t, entries->hash(m, i))];
    index_t *before = NULL;
    while ((*to & LINK_INDEX) != i) {
        before = to;
        to = entries->link(m, *to & LINK_INDEX);
    }
    *to = *entries->link(m, i);
    if (*to == 0 && before != NULL)
        *before &= (index_t)~LINK_MORE;
    t->entries--;
}
