// Where a port to another stack begins: copy this file, and fill in what your stack does, the first
// part. Until then nobody connects.
//
// The rest suits a stack whose sockets do not block and which copies what it is given to send, as
// those of most real-time systems. A stack that refers to it instead says midge_sent later, once it
// has given it up: port/lwip.c shows how. Whoever has threads calls the broker from one of them.

#include "hal/hal.h"
#include "port/port.h"

#define SOCKETS (MIDGE_CONNECTIONS_MAX - 1)  // the application's connection has none
#define READ_BYTES 536

// ---- What your stack does -----------------------------------------------------------------------

// Starts the interface, and sees to its addresses. Where the system does so itself: true.
bool port_network(const struct port_network *network) {
    (void)network;
    return false;
}

// Answers a handle, 0 or more, and the port where any was asked for (0); or a negative error.
static int32_t stack_listen(const char *host, uint16_t *port) {
    (void)host;
    (void)port;
    return -1;
}

// The handle of the next connection that has come, and who it is; negative where none has.
static int32_t stack_accept(int32_t listener, struct midge_peer *peer) {
    (void)listener;
    (void)peer;
    return -1;
}

// Answers how many bytes came, 0 where there are none now, or a negative number: the peer will send
// no more. What nobody takes closes the peer's window, and slows it down.
static int32_t stack_receive(int32_t handle, void *to, uint32_t n) {
    (void)handle;
    (void)to;
    (void)n;
    return -1;
}

// Answers how many bytes it took, 0 where it has no room now, or a negative number: the connection
// is lost. It must not wait to see whether more follows (TCP_NODELAY).
static int32_t stack_send(int32_t handle, const void *bytes, uint32_t n) {
    (void)handle;
    (void)bytes;
    (void)n;
    return -1;
}

// Listeners too. What was taken to send is still sent, unless the broker gave the connection up.
static void stack_close(int32_t handle, bool abort) {
    (void)handle;
    (void)abort;
}

// Sleeps until a connection or bytes come, there is room to send again, or the time has passed.
static void stack_wait(uint32_t ms) {
    hal_wait(ms);
}

// ---- Time and entropy ---------------------------------------------------------------------------

struct midge_now port_now(void) {
    uint64_t us = hal_us();
    return (struct midge_now){us, hal_wall_us(), (uint32_t)(us / 1000)};
}

bool port_entropy(void *to, uint32_t n) {
    return hal_entropy(to, n);
}

// ---- Connections --------------------------------------------------------------------------------

struct socket {
    midge_conn conn;  // MIDGE_NONE: free
    int32_t handle;
    uint32_t n, at;  // of the input, and how much of it was consumed
    bool monitor;
    bool closing;
    uint8_t input[READ_BYTES];
};

static struct socket sockets[SOCKETS];
static int32_t listeners[MIDGE_KINDS] = {-1, -1, -1};
static struct midge_host host = {.cores = 1, .platform = "midge-" MIDGE_VERSION};

int32_t port_init(uint32_t connections) {
    return connections < SOCKETS ? (int32_t)connections : SOCKETS;
}

int32_t port_listen(enum midge_kind kind, const char *name, int32_t port) {
    uint16_t bound = port < 0 ? 0 : (uint16_t)port;
    listeners[kind] = stack_listen(name, &bound);
    if (listeners[kind] < 0)
        return listeners[kind];
    *(kind == MIDGE_CLIENT ? &host.port : &host.http_port) = bound;
    return bound;
}

void port_unlisten(enum midge_kind kind) {
    if (listeners[kind] >= 0)
        stack_close(listeners[kind], false);
    listeners[kind] = -1;
}

static struct socket *socket_of(midge_conn conn) {
    for (uint32_t i = 0; i < SOCKETS; i++) {
        if (sockets[i].conn == conn)
            return &sockets[i];
    }
    return NULL;
}

// One that is too many is opened too: the broker tells it so, and closes it. Only where not even
// that is possible, it is closed at once.
static void accept_all(struct midge *m, enum midge_kind kind) {
    struct midge_peer peer = {0};
    int32_t handle;
    while (listeners[kind] >= 0 && (handle = stack_accept(listeners[kind], &peer)) >= 0) {
        struct socket *s = socket_of(MIDGE_NONE);
        midge_conn conn = s != NULL ? midge_open(m, kind, &peer) : MIDGE_NONE;
        if (conn == MIDGE_NONE)
            stack_close(handle, true);
        else
            *s = (struct socket){.conn = conn, .handle = handle, .monitor = kind == MIDGE_MONITOR};
    }
}

static void drop(struct midge *m, struct socket *s, enum midge_reason why, bool abort) {
    stack_close(s->handle, abort);
    hal_wipe(s->input, sizeof s->input);
    midge_closed(m, s->conn, why);
    s->conn = MIDGE_NONE;
}

// ---- Input and output ---------------------------------------------------------------------------

// What the broker does not consume it is given again on MIDGE_WISH_RESUME. What was consumed before
// the client is let in may be its password: it is wiped.
static void feed(struct midge *m, struct socket *s) {
    bool admitted = midge_admitted(m, s->conn);
    int32_t used = midge_rx(m, s->conn, s->input + s->at, s->n - s->at);
    if (!admitted)
        hal_wipe(s->input + s->at, used < 0 ? s->n - s->at : (uint32_t)used);
    s->at += used < 0 ? s->n - s->at : (uint32_t)used;
    if (s->at == s->n)
        s->at = s->n = 0;
}

static void read_input(struct midge *m, struct socket *s) {
    int32_t n = s->n == 0 ? stack_receive(s->handle, s->input, sizeof s->input) : 0;
    if (n > 0) {
        s->n = (uint32_t)n;
        feed(m, s);
    } else if (n < 0 && s->monitor) {
        midge_rx(m, s->conn, NULL, 0);  // may still wait for its answer
    } else if (n < 0) {
        drop(m, s, MIDGE_PEER_CLOSED, false);
    }
}

static void write_output(struct midge *m, struct socket *s) {
    struct midge_span span;
    while (midge_tx(m, s->conn, 0, &span, 1) > 0) {
        int32_t n = stack_send(s->handle, span.bytes, span.n);
        if (n < 0) {
            drop(m, s, MIDGE_WRITE_ERROR, true);
            return;
        }
        midge_sent(m, s->conn, (uint32_t)n);  // 0 too: so it learns that the receiver is slow
        if ((uint32_t)n < span.n)
            return;
    }
    if (s->closing)
        drop(m, s, MIDGE_PEER_CLOSED, false);
}

// ---- Turns --------------------------------------------------------------------------------------

static void carry_out(struct midge *m) {
    enum midge_wish wish;
    midge_conn conn;
    while ((conn = midge_next(m, &wish)) != MIDGE_NONE) {
        struct socket *s = socket_of(conn);
        if (s == NULL)
            continue;
        switch (wish) {
        case MIDGE_WISH_SEND:
            break;  // the turn ends with all output
#if MIDGE_TLS
        case MIDGE_WISH_SECURE:
            break;  // port/tls.h takes over: see port/posix.c
#endif
        case MIDGE_WISH_RESUME:
            if (s->n > 0)
                feed(m, s);
            break;
        case MIDGE_WISH_CLOSE_AFTER_SEND:
            s->closing = true;
            break;
        case MIDGE_WISH_ABORT:
            drop(m, s, MIDGE_PEER_CLOSED, true);
            break;
        }
    }
}

void port_turn(struct midge *m, void (*drain)(struct midge *m)) {
    midge_turn(m, port_now());
    midge_host(m, &host);
    accept_all(m, MIDGE_CLIENT);
    accept_all(m, MIDGE_MONITOR);
    for (struct socket *s = sockets; s < sockets + SOCKETS; s++) {
        if (s->conn != MIDGE_NONE)
            read_input(m, s);
    }
    carry_out(m);
    for (struct socket *s = sockets; s < sockets + SOCKETS; s++) {
        if (s->conn != MIDGE_NONE)
            write_output(m, s);
    }
    drain(m);
    stack_wait(midge_turn(m, port_now()));
}
