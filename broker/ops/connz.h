// Which connections /connz shows, and in which order.
//
// No list is sorted. A pass over all connections picks the few that come next behind the last one
// shown; a batch of them serves the request that made it until another request needs the place. The
// order is by a key and then the cid. Keys may change meanwhile: then a connection can be left out,
// or shown twice, but never more are shown than there were.

#ifndef OPS_CONNZ_H
#define OPS_CONNZ_H

#include "broker/ops/document.h"

// The number of a sorting option, -1 for none of that name. The empty name is that by cid.
int connz_sort(const char *name);

// Whether it needs the time when, or the reason why, connections ended.
bool connz_sorts_closed(int sort);

// Counts what there is, and what of it will be shown.
void connz_begin(struct answer *a);

enum progress connz_next(struct answer *a);

// Takes the facts of the present connection again.
void connz_stay(struct answer *a);

#endif
