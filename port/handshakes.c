#include "port/handshakes.h"

enum {
    QUEUED = 1,
    UNDER_WAY = 2,  // counted with its address
};

// By midge_slot.
static struct handshake {
    midge_conn conn;
    uint16_t next, prev;  // in the queue
    uint8_t flags;
    uint8_t address;  // a hash of the peer's
} handshakes[MIDGE_CONNECTIONS_MAX + 1];

static uint16_t head, tail;
static bool ready;
static uint16_t under_way[256];  // by the hash of an address
static uint32_t seed;

void handshakes_begin(uint32_t random) {
    seed = random;
}

bool handshakes_ready(void) {
    return ready;
}

// IPv6 by the network, in which a peer may have as many addresses as it likes.
static uint8_t address_hash(const struct midge_peer *peer) {
    uint32_t hash = seed;
    for (uint32_t i = 0; i < (peer->ip_bytes == 16 ? 8u : peer->ip_bytes); i++)
        hash = (hash ^ peer->ip[i]) * 0x01000193;
    return (uint8_t)(hash >> 24);
}

static void queue_remove(struct handshake *h) {
    *(h->prev != 0 ? &handshakes[h->prev].next : &head) = h->next;
    *(h->next != 0 ? &handshakes[h->next].prev : &tail) = h->prev;
    h->flags &= (uint8_t)~QUEUED;
}

void handshakes_add(struct midge *m, midge_conn c, const struct midge_peer *peer) {
    uint16_t i = (uint16_t)midge_slot(c);
    struct handshake *h = &handshakes[i];
    if (h->conn != c)
        *h = (struct handshake){.conn = c, .address = address_hash(peer)};
    if (h->flags & QUEUED)
        return;
    h->next = 0;
    h->prev = tail;
    *(tail != 0 ? &handshakes[tail].next : &head) = i;
    tail = i;
    h->flags |= QUEUED;
    ready = true;
    midge_secure_waits(m, c, true);
}

midge_conn handshakes_next(struct midge *m) {
    uint16_t i = ready ? head : 0;
    while (i != 0 && !(handshakes[i].flags & UNDER_WAY) &&
           under_way[handshakes[i].address] >= MIDGE_TLS_HANDSHAKES)
        i = handshakes[i].next;
    ready = i != 0;
    if (i == 0)
        return MIDGE_NONE;
    struct handshake *h = &handshakes[i];
    queue_remove(h);
    if (!(h->flags & UNDER_WAY))
        under_way[h->address]++;
    h->flags |= UNDER_WAY;
    midge_secure_waits(m, h->conn, false);
    return h->conn;
}

void handshakes_end(midge_conn c) {
    struct handshake *h = &handshakes[midge_slot(c)];
    if (h->conn != c)
        return;
    if (h->flags & QUEUED)
        queue_remove(h);
    if (h->flags & UNDER_WAY) {
        under_way[h->address]--;
        ready = true;
    }
    *h = (struct handshake){0};
}
