// Matching: from a literal subject to the nodes of the subject table whose subscriptions it
// reaches.
//
// A match answers with nodes, never with subscriptions, so that it stays small, and holds until a
// node begins or ceases to match (struct midge's `generation`). What was matched twice is
// remembered in a direct-mapped cache. What was not takes a walk of the trie: a chain of cache
// misses, in a large table, and of branches that cannot be foreseen. So several subjects are walked
// together where there are several: the nodes still to be visited lie on one stack, whose top
// MIDGE_MATCH_AHEAD are taken at a time, and all of a batch is fetched before any of it is used.
//
// What bounds it: a batch takes its visits from the top and puts at most two in place of each, one
// token deeper; so the stack holds at most a batch for each level that a subject has, and two more.

#ifndef CORE_MATCH_H
#define CORE_MATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "broker/limits.h"

struct midge;

// The answer: nodes that have subscriptions; NULL where it was not found yet. It holds as long as
// `generation` is the table's, which is never 0. Passed by value: in registers, since it is asked
// for by every message.
struct matched {
    const index_t *nodes;
    uint32_t count;
    uint32_t generation;
};

#define UNMATCHED ((struct matched){NULL, 0, 0})

// A subject to be matched against the trie of a root.
struct lookup {
    const uint8_t *subject;
    uint32_t bytes;
    index_t root;
    uint32_t hash;
    struct matched found;
};

// The answer, if it is remembered; it stays valid until the next call of another of these
// functions. If not, the lookup's hash is set.
struct matched match_recall(struct midge *m, struct lookup *l);

// Finds the answer, remembered or not; it stays valid until the next call of this function or of
// match_ahead.
struct matched match(struct midge *m, index_t root, const uint8_t *subject, uint32_t n);

// A node begins or ceases to match, or permissions are others: what is remembered does not hold.
void match_forget(struct midge *m);

// Whether it is remembered with an answer that these permissions let their holder publish to its
// subject; match_permit has that remembered, where the answer is.
bool match_permits(const struct midge *m, struct matched found, uint16_t permissions);
void match_permit(struct midge *m, struct matched found, uint16_t permissions);

// Finds the answers to several that are not remembered at once, at most MIDGE_MATCH_AHEAD. They
// stay valid until the next call of this function. Returns for how many of the first there was
// room, which may be none.
uint32_t match_ahead(struct midge *m, struct lookup *l, uint32_t n);

// ---- Scratch and cache, parts of struct midge ---------------------------------------------------

// A token of a subject; or what follows the last one.
struct level {
    uint64_t key;  // the token's part of the hash of a child
#if MIDGE_MATCH_AHEAD > 1
    uint64_t word;  // its first bytes
#endif
    const uint8_t *token;
    index_t filter;  // its bit in a node's filter
    uint16_t bytes;
    uint8_t lookup;  // whose it is
    bool more;       // there is such a token; else a node reached here is a match
};

// A node to be visited, and the level to which its children belong.
struct visit {
    index_t node;
    uint16_t level;
};

// A child that is looked for: its bucket, with the tag that a link to it has. Then the first link
// there, and the node to which that leads, if it may be the one.
struct probe {
    struct visit from;
    index_t want;
    index_t link;
    index_t child;
};

#define MATCH_AHEAD_TOKENS 16  // that a subject has, on an average, where several are matched
#define MATCH_LEVELS (MIDGE_TOKENS_MAX + 1 + (MIDGE_MATCH_AHEAD - 1) * MATCH_AHEAD_TOKENS)
#define MATCH_FOUND (MIDGE_MATCH_AHEAD * 16)  // nodes in all, where several are matched

// Visits put aside: see the top.
#define MATCH_VISITS (MIDGE_MATCH_AHEAD * (MIDGE_TOKENS_MAX + 3))

// One subject finds a node once, and each has a subscription; several may find the same.
#define MATCH_NODES \
    (MIDGE_SUBSCRIPTIONS_MAX >= MATCH_FOUND ? MIDGE_SUBSCRIPTIONS_MAX + 1 : MATCH_FOUND)

struct match {
    struct level levels[MATCH_LEVELS];
    struct visit visits[MATCH_VISITS];
    struct probe probes[MIDGE_MATCH_AHEAD];
    index_t nodes[MATCH_NODES];
    uint16_t levels_of[MATCH_NODES];
#if MIDGE_MATCH_AHEAD > 1
    index_t ahead[MATCH_FOUND];
#endif
};

// A remembered match. Valid while `generation` is the table's.
struct cached {
    uint32_t generation;
    index_t root;
    uint8_t bytes;
    uint8_t count;
    uint16_t permitted;  // 1 + permissions that let their holder publish to it, 0 for none known
    uint8_t subject[MIDGE_CACHE_SUBJECT_BYTES];
    index_t nodes[MIDGE_CACHE_NODES];
};

// Of a place in the cache, by parts of hashes: what is there, and what was matched last without
// being kept. Only what comes twice is worth its place, and is looked for in there.
struct cache_tag {
    uint16_t kept, seen;
};

#endif
