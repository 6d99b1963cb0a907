#include "broker/auth/offence.h"

#include "broker/core/hash.h"
#include "broker/core/midge.h"

#if MIDGE_OFFENDERS_MAX > 0

#define OFFENCES 5
#define WINDOW_MS 10000
#define WAIT_MAX_MS 30000
#define NETWORK_BYTES 8

// After so long without a failure an address is as good as any.
#define FORGIVEN_MS 60000

static uint32_t cell_of(const struct midge *m, const struct midge_peer *peer, uint32_t which) {
    uint32_t n = peer->ip_bytes < NETWORK_BYTES ? peer->ip_bytes : NETWORK_BYTES;
    return hash_bytes(m->seed + which, peer->ip, n) % MIDGE_OFFENDERS_MAX;
}

static uint32_t wait_of(const struct midge *m, const struct offender *o) {
    // Without a wait it lies in the past; and so does one of long ago, once the clock has wrapped.
    uint32_t left = o->since_ms - m->now.ms;
    return o->waits > 0 && left <= WAIT_MAX_MS ? left : 0;
}

uint32_t offence_wait(const struct midge *m, const struct midge_peer *peer) {
    if (peer->ip_bytes == 0)
        return 0;
    uint32_t one = wait_of(m, &m->offenders[cell_of(m, peer, 0)]);
    uint32_t other = wait_of(m, &m->offenders[cell_of(m, peer, 1)]);
    return one < other ? one : other;
}

static void note(const struct midge *m, struct offender *o) {
    uint32_t age = m->now.ms - o->since_ms;
    if (wait_of(m, o) > 0)
        age = 0;
    if (age > FORGIVEN_MS || (o->waits == 0 && age > WINDOW_MS))
        *o = (struct offender){0};
    if (o->failures == 0)
        o->since_ms = m->now.ms;
    if (o->failures < OFFENCES)
        o->failures++;
    if (o->failures < OFFENCES)
        return;
    uint32_t wait = 1000u << o->waits;
    o->since_ms = m->now.ms + (wait < WAIT_MAX_MS ? wait : WAIT_MAX_MS);
    if (wait < WAIT_MAX_MS)
        o->waits++;
}

void offence_note(struct midge *m, const struct midge_peer *peer) {
    if (peer->ip_bytes == 0)
        return;
    uint32_t one = cell_of(m, peer, 0);
    uint32_t other = cell_of(m, peer, 1);
    note(m, &m->offenders[one]);
    if (other != one)
        note(m, &m->offenders[other]);
}

#endif
