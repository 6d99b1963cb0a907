// Connections to the server under test and the loop that moves their bytes: nonblocking sockets,
// edge-triggered epoll, one large buffer for all reads. A connection sends its feed, a ring that
// was formatted beforehand, in writes as large as the socket takes; what it receives is compared
// with the ring that it expects, or parsed and handed to its `message`. Whatever else a server may
// send (PING, INFO, +OK) is answered or passed over here; -ERR, a close and silence fail the run.
#pragma once

#include "secure.h"
#include "wire.h"

struct pump {
    int epoll;
    uint16_t port;
    bool polls;         // never sleeps, so that a latency is the server's and not that of waking up
    uint64_t heard_ns;  // when something last happened
    uint8_t *buffer;
    struct secure *secure;  // NULL: in clear
};

struct conn {
    struct pump *pump;
    int fd;
    bool writable;
    bool greeted;  // INFO was received, and answered by CONNECT and PING
    bool secured;  // the handshake is done
    struct ssl_st *ssl;
    uint32_t record;  // bytes of a record that was encrypted, but not sent whole
    uint32_t pongs;   // received so far

    const struct ring *feed;
    uint64_t fed, feed_to;  // bytes of it; sent in this order: the feed up to there, then `out`
    char *out;
    uint32_t out_len, out_cap;

    const struct ring *expect;  // or else `message`
    uint64_t taken;             // bytes of `expect` that have arrived
    void (*message)(struct conn *c, const struct message *m);
    void *user;

    uint8_t *rest;  // an unfinished line or message
    uint32_t rest_len, rest_cap;
};

void pump_init(struct pump *p, uint16_t port, bool polls);
// Its connections speak TLS from now on, where the shape is of any.
void pump_secure(struct pump *p, const struct secure_shape *shape);
// Moves what can be moved. A turn that may wait fails the run if nothing happens for long.
void pump_turn(struct pump *p, bool wait);

// Connects; the greeting (INFO, CONNECT, PING, PONG) takes place as the pump turns.
void conn_dial(struct conn *c, struct pump *p);
// Connects and waits for the greeting's end.
void conn_open(struct conn *c, struct pump *p);
// Waits for that many PONGs, all counted.
void conn_await(struct conn *c, uint32_t pongs);
void conn_close(struct conn *c);
void conn_write(struct conn *c, const void *bytes, uint32_t n);
void conn_printf(struct conn *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
// One write of what is due; true if the socket would take another part of the feed.
bool conn_flush(struct conn *c);
// Lets the feed go on to that position, and flushes.
bool conn_feed(struct conn *c, uint64_t to);
// Returns when the server has processed all that was sent here, and all that it sent here is taken.
void conn_sync(struct conn *c);
