// Who guesses: addresses whose clients were refused. After OFFENCES within ten seconds an address
// has to wait before its next try is looked at, a second first, and twice as long after each
// further failure, up to thirty. IPv6 counts by networks of 64 bits, of which everybody has whole
// ones.
//
// What bounds it: MIDGE_OFFENDERS_MAX cells. An address has two of them, by a seeded hash, and
// waits for the one that is over first. Nothing is ever removed for want of room: whoever comes
// from many addresses cannot flush the table, but shares its cells with others, and in all of them
// together has a try for each cell and its wait. Where he does so, others may have to wait once,
// too.

#ifndef AUTH_OFFENCE_H
#define AUTH_OFFENCE_H

#include <stdint.h>

#include "broker/limits.h"

struct midge;
struct midge_peer;

#if MIDGE_OFFENDERS_MAX > 0

// Milliseconds until a try from this address is looked at; 0 for now.
uint32_t offence_wait(const struct midge *m, const struct midge_peer *peer);

// A try from it failed.
void offence_note(struct midge *m, const struct midge_peer *peer);

#endif

#endif
