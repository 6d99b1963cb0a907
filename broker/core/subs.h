// The subject table: who wants which subject. A trie whose children are found by hash.
//
// A node stands for a prefix of subjects. Its literal children lie in one table, keyed by parent
// and the token's hash, so that a level of a match costs one probe however many subscriptions there
// are; its `*` and `>` children are links. Tokens are interned texts. Plain subscriptions hang off
// a node in a list, queue groups in a second list, each with its members in a ring. Accounts are
// separate roots in the same table. A further table finds a subscription by its owner and sid.
//
// Matching is match.h's. What bounds the table: the pools of
// subscriptions, nodes, groups and texts; a full one refuses the insert and changes nothing.
// It refuses to know what an owner is beyond its number.

#ifndef CORE_SUBS_H
#define CORE_SUBS_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/limits.h"

struct midge;

// The split of one index_t between a node's count of children and its filter.
#define NODE_CHILD_BITS (sizeof(index_t) == 4 ? 20 : 12)
#define NODE_FILTER_BITS (sizeof(index_t) * 8 - NODE_CHILD_BITS)

struct node {
    index_t parent;
    index_t token;     // text; TEXT_STAR or TEXT_GT for a wildcard child
    index_t next;      // in its bucket
    index_t star, gt;  // wildcard children, 0 for none
    index_t plain;     // first plain subscription
    index_t groups;    // first queue group
    // How many children there are, and a bit for each value of some bits of their tokens' hashes:
    // most probes for a child that is not there end here. Bits are cleared only with the last
    // child.
    index_t children : NODE_CHILD_BITS;
    index_t filter : NODE_FILTER_BITS;
};

// Buckets of nodes for each: a match looks into many, so that with wide indices chains are made
// rare.
#define NODE_BUCKETS (sizeof(index_t) == 4 ? 4 : 1)

// The bit in a node's filter for a child whose token has that hash.
static inline index_t node_filter(uint32_t hash) {
    return (index_t)((index_t)1 << ((hash >> 16) * NODE_FILTER_BITS >> 16));
}

struct group {
    index_t next;  // of the same node
    index_t node;
    index_t name;    // text
    index_t cursor;  // the member picked last, in the ring of members
    index_t members;
};

#define SUB_SID_BYTES 8
#define SUB_SID_TEXT 0xff  // the sid is longer: a text, by index, lies in its place

enum {
    SUB_GROUPED = 1,   // `home` is a group, not a node
    SUB_FILTERED = 2,  // a deny overlaps it: checked at each delivery
};

struct sub {
    uint64_t delivered;
    index_t next, prev;  // in the node's list, or in the group's ring
    index_t home;
    index_t sid_next;
    index_t owner_next, owner_prev;
    uint32_t max;  // deliveries after which it ends, 0 for none
    uint16_t owner;
    uint8_t flags;
    uint8_t sid_bytes;
    uint8_t sid[SUB_SID_BYTES];
};

// What subs_insert is given: bytes that need not outlive the call.
struct sub_wish {
    index_t root;
    uint16_t owner;
    const uint8_t *subject, *queue, *sid;
    uint32_t subject_bytes, queue_bytes, sid_bytes;  // queue_bytes 0: plain
};

// Interns the texts that must always exist. Once, before anything else.
bool subs_init(struct midge *m);

// A new root; 0 where the pool is full.
index_t subs_root(struct midge *m);

// Adds a subscription with a valid subject (subject_valid) and a sid that its owner does not use.
// 0 where a pool is full: nothing was changed.
index_t subs_insert(struct midge *m, const struct sub_wish *wish);

void subs_remove(struct midge *m, index_t sub);

// The owner's subscription with that sid, 0 for none.
index_t subs_find(const struct midge *m, uint16_t owner, const uint8_t *sid, uint32_t sid_bytes);

// Picks a group's next member, every member equally likely, 0 never. The walk is bounded: in groups
// of up to GROUP_STRIDE members each pick is independent and uniform; in larger ones picks walk the
// ring by random strides, which is uniform in the long run.
#define GROUP_STRIDE 16
index_t subs_pick(struct midge *m, index_t group);

// Text of a subscription, for those who show it. Each copies at most `max` bytes and answers the
// whole length.
uint32_t subs_subject(const struct midge *m, index_t sub, uint8_t *to, uint32_t max);
uint32_t subs_queue(const struct midge *m, index_t sub, uint8_t *to, uint32_t max);
uint32_t subs_sid(const struct midge *m, index_t sub, uint8_t *to, uint32_t max);

#endif
