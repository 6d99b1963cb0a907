// What must hold of a broker's subject table: every node, group, subscription and text is reached
// by exactly the links that should lead there, each hash table finds what it holds and has grown
// with it, and what is remembered of matches is what a plain matcher finds.

#ifndef SIM_TRIE_H
#define SIM_TRIE_H

#include "broker/broker.h"
#include "sim/dice.h"

// What is wrong with it, or NULL. Walks all of it; dice choose what is tried by sample.
const char *trie_check(const struct midge *m, struct dice *d);

#endif
