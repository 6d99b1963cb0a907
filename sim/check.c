#include "sim/check.h"

#include <string.h>

#include "sim/store.h"
#include "sim/trie.h"
#include "sim/wheel.h"

// The free list of a pool, by the links in its entries.
static bool free_list_is_sound(const struct pool *p, const void *entries, size_t entry_bytes) {
    uint32_t n = 0;
    index_t i = p->free;
    for (; i != 0 && n <= p->fresh; n++)
        memcpy(&i, (const char *)entries + i * entry_bytes, sizeof i);
    return n == (uint32_t)(p->fresh - p->used) && p->used <= p->limit && p->used <= p->high &&
           p->fresh == p->high;
}

static const char *check_pools(const struct midge *m) {
#define X(name, type, max)                                                       \
    if (!free_list_is_sound(&m->pools[POOL_##name], m->name, sizeof m->name[0])) \
        return "the free list of " #name;
    MIDGE_POOLS(X)
#undef X
    return NULL;
}

// Of the connections in a list each has one of its flags, and is linked both ways; nobody else has
// it.
static bool list_is_sound(const struct midge *m, int which, uint32_t flags) {
    uint16_t prev = 0;
    uint32_t left = 0;
    for (uint32_t i = 1; i <= m->pools[POOL_connections].fresh; i++)
        left += m->connections[i].cid != 0 && m->connections[i].kind != MIDGE_LOCAL &&
                (m->connections[i].flags & flags) != 0;
    for (uint16_t i = m->lists[which].head; i != 0; left--) {
        const struct conn *c = &m->connections[i];
        if (left == 0 || !(c->flags & flags) || c->links[which].prev != prev)
            return false;
        prev = i;
        i = c->links[which].next;
    }
    return left == 0 && m->lists[which].tail == prev;
}

static const char *check_connections(const struct midge *m) {
    uint32_t open[MIDGE_KINDS] = {0}, crowded = 0;
    for (uint32_t i = 1; i <= m->pools[POOL_connections].fresh; i++) {
        const struct conn *c = &m->connections[i];
        if (c->cid == 0 || (c->flags & CONN_GONE))
            continue;
        open[c->kind]++;
        bool is_crowded = (c->flags & CONN_CROWDED) != 0;
        crowded += is_crowded;
        if (c->flags & CONN_CLOSING) {
            if (is_crowded || (c->flags & CONN_STALLED))
                return "what is asked of a connection that ends";
            continue;
        }
    }
    if (memcmp(open, m->open, sizeof open) != 0)
        return "the number of connections";
    if (crowded != m->crowded)
        return "the number of those that are crowded";
    if (!list_is_sound(m, LIST_WISHES, CONN_WISHING))
        return "the list of wishes";
    if (!list_is_sound(m, LIST_STALLED, CONN_STALLED | CONN_TURN))
        return "the list of those that wait";
    // Who was asked last, in vain, is one of them, and whose turn it is comes next.
    if (m->tried != 0 &&
        (!(m->connections[m->tried].flags & CONN_STALLED) ||
         (m->turn != 0 && m->connections[m->tried].links[LIST_STALLED].next != m->turn)))
        return "who was asked last of those that wait";
    // One of them at most has its turn.
    for (uint16_t i = m->lists[LIST_STALLED].head; i != 0;
         i = m->connections[i].links[LIST_STALLED].next) {
        if (((m->connections[i].flags & CONN_TURN) != 0) != (i == m->turn))
            return "the turn of those that wait";
    }
    return NULL;
}

const char *check_broker(const struct midge *m, struct dice *d) {
    const char *wrong = check_pools(m);
    if (wrong == NULL)
        wrong = check_connections(m);
    if (wrong == NULL)
        wrong = store_check(m);
    if (wrong == NULL)
        wrong = trie_check(m, d);
    return wrong;
}
