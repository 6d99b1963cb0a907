// The port to lwIP 2.2: its raw API on bare metal (NO_SYS), over hal.h's Ethernet.
//
// lwIP's callbacks only mark; the loop does the work. One frame is taken at a time, into the one
// receive buffer, and what it brought is handed to the broker before the next is taken: so nothing
// received is ever held by the stack. What the broker does not consume is stashed with the
// connection, one window at most, and the window opens only by what was consumed.
//
// Output is referred to where it lies in the broker's blocks. The stack gives up a segment only
// once all of it is acknowledged, so how much it refers to is read off its queues, after any event,
// and not off the acknowledged bytes: a peer may acknowledge half a segment, and the whole of it
// can still be sent again.
//
// What a TLS connection sends is copied: its records lie in a ring of the connection's slot while
// the stack refers to them. One step of one handshake is taken in a turn; until it is its turn, a
// connection keeps what it received in its stash.
//
// A turn looks at every socket. A chip has some dozen of them.

#include "port/port.h"

#include <lwip/memp.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/stats.h>
#include <lwip/sys.h>
#include <lwip/tcp.h>
#include <lwip/timeouts.h>
#include <string.h>

#include "hal/hal.h"
#include "port/lwip/mdns.h"
#include "port/lwip/network.h"
#if MIDGE_TLS
#include "port/handshakes.h"
#include "port/tls.h"
#endif

#define FRAMES 4       // frames taken in one turn
#define STEP_MS 5      // of a handshake in one turn, and what the step takes that began before
#define CLOSE_MS 2000  // for the acknowledgement of what a closing connection has sent

_Static_assert(TCP_MSS >= 536 && TCP_MSS <= (LWIP_IPV6 ? 1440 : 1460),
               "MIDGE_TCP_MSS: 536..1,460, with MIDGE_IPV6 1,440");
_Static_assert(TCP_WND > TCP_MSS && TCP_WND <= 65535,
               "MIDGE_TCP_WINDOW: more than MIDGE_TCP_MSS, or senders wait for their probe timer");
_Static_assert(
    TCP_SND_QUEUELEN >= 4 && MIDGE_TCP_SEGMENTS >= 2,
    "MIDGE_TCP_PIECES: at least 4, MIDGE_TCP_SEGMENTS: at least 2, since a piece may lie "
    "in two segments");
_Static_assert(MIDGE_TCP_PASSING >= 1,
               "MIDGE_TCP_PASSING: 1 or more, or a client over the limit cannot be told");
_Static_assert(MEMP_NUM_TCP_PCB >= MIDGE_TCP_SOCKETS + MIDGE_TCP_PASSING &&
                   MEMP_NUM_TCP_SEG >= MIDGE_TCP_SOCKETS * MIDGE_TCP_SEGMENTS + MIDGE_TCP_PASSING &&
                   MEMP_NUM_PBUF > MIDGE_TCP_SOCKETS * (TCP_SND_QUEUELEN - 1),
               "every connection the broker admits can have all its segments at once");

enum {
    SOCKET_OPEN = 1,      // in use
    SOCKET_FINISHED = 2,  // the peer sends no more
    SOCKET_CLOSING = 4,   // closes once its output is acknowledged; input is dropped
    SOCKET_SECURING = 8,  // a handshake is due or under way
    SOCKET_BROKEN = 16,   // the peer broke the protocol of TLS
    SOCKET_ENDED = 32,    // the peer of TLS was told that nothing follows
};

struct socket {
    struct tcp_pcb *pcb;   // NULL: the stack gave it up
    struct pbuf *arrived;  // by the frame that was just taken
    midge_conn conn;       // MIDGE_NONE until the broker was told
    uint32_t held;         // bytes of its output that the stack refers to
    uint32_t end_ms;       // when it is aborted, if closing
    uint16_t stashed;
    uint8_t kind;
    uint8_t flags;
#if MIDGE_TLS
    tls_slot tls;  // 0 for none
#endif
    uint8_t stash[TCP_WND];
};

static struct socket sockets[MIDGE_TCP_SOCKETS];
static struct socket *touched;  // by the frame that was just taken
static struct tcp_pcb *listeners[MIDGE_KINDS];

#define POOLS (MEMP_MAX + MIDGE_TLS)

static struct midge_pool pools[POOLS];
static struct midge_host host = {
    .cores = 1, .platform = "midge-" MIDGE_VERSION, .pools = pools, .pools_count = POOLS};

// ---- Time and entropy ---------------------------------------------------------------------------

struct midge_now port_now(void) {
    uint64_t us = hal_us();
    return (struct midge_now){us, hal_wall_us(), (uint32_t)(us / 1000)};
}

u32_t sys_now(void) {
    return port_now().ms;
}

bool port_entropy(void *to, uint32_t n) {
    return hal_entropy(to, n);
}

// The broker does not start without entropy; should the source fail later, the clock must do.
uint32_t port_random(void) {
    uint32_t random;
    return hal_entropy(&random, sizeof random) ? random : (uint32_t)hal_us();
}

int32_t port_init(uint32_t connections) {
#if MIDGE_TLS
    handshakes_begin(port_random());
    tls_ends(&host.certificate_end_us, &host.first_end_us);
#endif
    return connections < MIDGE_TCP_SOCKETS ? (int32_t)connections : MIDGE_TCP_SOCKETS;
}

// ---- What lwIP calls: these only mark -----------------------------------------------------------

static err_t on_data(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err) {
    struct socket *s = arg;
    (void)pcb;
    (void)err;
    touched = s;
    if (p == NULL) {
        s->flags |= SOCKET_FINISHED;
        return ERR_OK;
    }
    MIDGE_ASSERT(s->arrived == NULL);
    s->arrived = p;
    return ERR_OK;
}

// The stack has freed the connection and all its segments.
static void on_error(void *arg, err_t err) {
    struct socket *s = arg;
    (void)err;
    s->pcb = NULL;
}

static err_t on_accept(void *arg, struct tcp_pcb *pcb, err_t err) {
    if (pcb == NULL || err != ERR_OK)
        return ERR_VAL;
    struct socket *s = sockets;
    while (s < sockets + MIDGE_TCP_SOCKETS && s->flags != 0)
        s++;
    if (s == sockets + MIDGE_TCP_SOCKETS)
        return ERR_MEM;  // the stack resets it
    s->flags = SOCKET_OPEN;
    s->kind = (uint8_t)((struct tcp_pcb **)arg - listeners);
    s->pcb = pcb;
    tcp_arg(pcb, s);
    tcp_recv(pcb, on_data);
    tcp_err(pcb, on_error);
    pcb->prio = TCP_PRIO_NORMAL;
    tcp_nagle_disable(pcb);
    touched = s;
    return ERR_OK;
}

// ---- Listening ----------------------------------------------------------------------------------

int32_t port_listen(enum midge_kind kind, const char *name, int32_t port) {
    ip_addr_t address = *IP_ANY_TYPE;
    if (name[0] != '\0' && !ipaddr_aton(name, &address))
        return ERR_ARG;
    // 0.0.0.0 is also what a configuration has that names no host.
    if (LWIP_IPV6 && ip_addr_isany(&address))
        address = *IP_ANY_TYPE;
    struct tcp_pcb *pcb = tcp_new_ip_type(IPADDR_TYPE_ANY);
    if (pcb == NULL)
        return ERR_MEM;
    ip_set_option(pcb, SOF_KEEPALIVE);  // accepted connections inherit it
    err_t err = tcp_bind(pcb, &address, port < 0 ? 0 : (u16_t)port);
    struct tcp_pcb *listener = NULL;
    if (err == ERR_OK)
        listener = tcp_listen_with_backlog_and_err(pcb, TCP_DEFAULT_LISTEN_BACKLOG, &err);
    if (listener == NULL) {
        tcp_close(pcb);
        return err;
    }
    if (MIDGE_MDNS && kind == MIDGE_CLIENT)
        mdns_serve(listener->local_port);
    listeners[kind] = listener;
    tcp_arg(listener, &listeners[kind]);
    tcp_accept(listener, on_accept);
    *(kind == MIDGE_CLIENT ? &host.port : &host.http_port) = listener->local_port;
    return listener->local_port;
}

void port_unlisten(enum midge_kind kind) {
    if (listeners[kind] != NULL)
        tcp_close(listeners[kind]);
    listeners[kind] = NULL;
    if (MIDGE_MDNS && kind == MIDGE_CLIENT)
        mdns_serve(0);
}

// A connection that is not open yet gives up its control block where a newer one needs it: the
// stack keeps that of a peer that goes no further for 20 s. What a frame has begun is the first in
// the list.
static void yield_unopened(void) {
    if (tcp_active_pcbs != NULL && tcp_active_pcbs->state == SYN_RCVD)
        tcp_active_pcbs->prio = TCP_PRIO_MIN;
}

// ---- What the stack holds -----------------------------------------------------------------------

// How many bytes the stack refers to: from the first that lies in a segment on. Segments that must
// be sent again move between the two queues.
static uint32_t held_by_stack(const struct tcp_pcb *pcb) {
    const struct tcp_seg *queues[] = {pcb->unacked, pcb->unsent};
    uint32_t held = 0;
    for (uint32_t i = 0; i < 2; i++) {
        if (queues[i] == NULL)
            continue;
        uint32_t n = pcb->snd_lbb - lwip_ntohl(queues[i]->tcphdr->seqno);
        held = n > held ? n : held;
    }
    return held;
}

static uint32_t segments(const struct tcp_pcb *pcb) {
    uint32_t n = 0;
    for (const struct tcp_seg *seg = pcb->unacked; seg != NULL; seg = seg->next)
        n++;
    for (const struct tcp_seg *seg = pcb->unsent; seg != NULL; seg = seg->next)
        n++;
    return n;
}

// Hands a piece of output to the stack, or as much of it as there is room for. False where there is
// none. A piece of at most one segment, which the peer's window may keep small, begins no more than
// one.
static bool write_piece(struct socket *s, const struct midge_span *span) {
    struct tcp_pcb *pcb = s->pcb;
    uint32_t segment = LWIP_MIN(tcp_mss(pcb), pcb->snd_wnd_max / 2);
    uint32_t n = LWIP_MIN(span->n, LWIP_MIN(tcp_sndbuf(pcb), LWIP_MAX(segment, 1)));
    if (n == 0 || segments(pcb) >= MIDGE_TCP_SEGMENTS ||
        tcp_write(pcb, span->bytes, (u16_t)n, 0) != ERR_OK)
        return false;
    s->held += n;
    return true;
}

// ---- TLS ----------------------------------------------------------------------------------------

static struct midge_peer peer_of(const struct socket *s) {
    struct midge_peer peer = {.port = s->pcb->remote_port,
                              .ip_bytes = IP_IS_V6_VAL(s->pcb->remote_ip) ? 16 : 4};
    memcpy(peer.ip, &s->pcb->remote_ip, peer.ip_bytes);
    return peer;
}

#if MIDGE_TLS

// The records that the stack refers to, by slot: as many bytes as the socket says that it holds,
// from `at` on.
static struct ring {
    uint32_t at;
    uint8_t bytes[TCP_SND_BUF];
} rings[MIDGE_TLS_MAX];

// Whether the broker has not taken all that was decrypted.
static bool is_stalled(const struct socket *s) {
    return s->tls != 0 && tls_secured(s->tls) && tls_stalled(s->tls);
}

// Takes what there is room for, in two parts where the ring ends in between.
static int32_t send_record(void *context, const uint8_t *bytes, uint32_t n, bool more) {
    struct socket *s = context;
    struct ring *r = &rings[s->tls - 1];
    uint32_t taken = 0, held;
    (void)more;
    if (s->pcb == NULL)
        return -1;
    do {
        uint32_t at = (r->at + s->held) % sizeof r->bytes;
        uint32_t room = LWIP_MIN(sizeof r->bytes - s->held, sizeof r->bytes - at);
        struct midge_span piece = {r->bytes + at, LWIP_MIN(room, n - taken)};
        memcpy(r->bytes + at, bytes + taken, piece.n);
        held = s->held;
        write_piece(s, &piece);
        taken += s->held - held;
    } while (taken < n && s->held > held);
    return (int32_t)taken;
}

// A handshake that began goes on, in its turn: its peer was heard, or has heard.
static void go_on(struct midge *m, struct socket *s) {
    struct midge_peer peer;
    if (!(s->flags & SOCKET_SECURING) || s->tls == 0 || s->pcb == NULL)
        return;
    peer = peer_of(s);
    handshakes_add(m, s->conn, &peer);
}

// What was sent in clear has arrived: a handshake that is due may begin, in its turn.
static void begin_securing(struct midge *m, struct socket *s) {
    struct midge_peer peer = peer_of(s);
    if ((s->flags & (SOCKET_SECURING | SOCKET_CLOSING)) == SOCKET_SECURING && s->tls == 0)
        handshakes_add(m, s->conn, &peer);
}

// The stack has given up n bytes of the ring.
static void release(struct midge *m, struct socket *s, uint32_t n) {
    struct ring *r = &rings[s->tls - 1];
    r->at = (r->at + n) % sizeof r->bytes;
    go_on(m, s);
}

// Goes on with the handshake, or gives the broker what it decrypts. Answers as midge_rx does.
static int32_t decrypt(struct midge *m, struct socket *s, const uint8_t *bytes, uint16_t n) {
    uint32_t used = 0;
    if (!tls_secured(s->tls)) {
        used = tls_handshake(m, s->tls, bytes, n, STEP_MS);
        if (!tls_secured(s->tls))
            return (int32_t)used;
        s->flags &= (uint8_t)~SOCKET_SECURING;
        handshakes_end(s->conn);
    }
    int32_t more = tls_rx(m, s->tls, bytes + used, n - used);
    if (more == TLS_ENDED || more == TLS_BROKEN)
        s->flags |= SOCKET_FINISHED | (more == TLS_BROKEN ? SOCKET_BROKEN : 0);
    return more < 0 ? more : (int32_t)used + more;
}

// Encrypts what there is room for. Whether that is all. In a handshake there is nothing but the
// handshake's own.
static bool write_secure(struct midge *m, struct socket *s) {
    if (!tls_secured(s->tls) || (s->flags & SOCKET_BROKEN))
        return true;
    int32_t state = tls_tx(m, s->tls);
    if (state < 0)
        s->flags |= SOCKET_FINISHED | SOCKET_BROKEN;
    return state != 0;
}

// Tells the peer that nothing follows, unless it was told. Whether that is on its way.
static bool farewell(struct socket *s) {
    if (s->tls == 0 || (s->flags & (SOCKET_ENDED | SOCKET_BROKEN)))
        return false;
    s->flags |= SOCKET_ENDED;
    tls_end(s->tls);
    tcp_output(s->pcb);
    return s->held > 0;
}

static void drop_secure(struct socket *s) {
    handshakes_end(s->conn);
    if (s->tls != 0)
        tls_close(s->tls);
    s->tls = 0;
}

// Opens a slot for a handshake that begins. False where there is none.
static bool open_slot(struct midge *m, struct socket *s) {
    if (s->tls == 0) {
        s->tls = tls_open(s->conn, send_record, s);
        if (s->tls != 0)
            rings[s->tls - 1].at = 0;
        else
            midge_secured(m, s->conn, &(struct midge_tls){.failure = "every TLS slot is in use"});
    }
    return s->tls != 0;
}

#else

static bool is_stalled(const struct socket *s) {
    (void)s;
    return false;
}

static bool farewell(struct socket *s) {
    (void)s;
    return false;
}

static void drop_secure(struct socket *s) {
    (void)s;
}

#endif

// ---- Input --------------------------------------------------------------------------------------

// Takes note of how full lwIP's pools are, for whoever asks.
static void count_pools(void) {
    static const char *const names[MEMP_MAX] = {
#define LWIP_MEMPOOL(name, num, size, desc) #name,
#include <lwip/priv/memp_std.h>
    };
    for (uint32_t i = 0; i < MEMP_MAX; i++) {
        const struct memp_desc *pool = memp_pools[i];
        pools[i] = (struct midge_pool){names[i], pool->size, pool->num, pool->stats->used,
                                       pool->stats->max};
    }
#if MIDGE_TLS
    tls_usage(&pools[MEMP_MAX]);
#endif
}

// Passes received bytes on, to the broker or through TLS, and answers as midge_rx does.
static int32_t pass_on(struct midge *m, struct socket *s, const uint8_t *bytes, uint16_t n) {
#if MIDGE_TLS
    if (s->tls != 0)
        return decrypt(m, s, bytes, n);
#endif
    return midge_rx(m, s->conn, bytes, n);
}

// Gives the broker bytes, and the peer as much more window as were consumed. Answers how many.
static uint16_t feed(struct midge *m, struct socket *s, uint8_t *bytes, uint16_t n) {
    if (s->kind == MIDGE_MONITOR)
        count_pools();
    bool admitted = midge_admitted(m, s->conn);
    int32_t used = s->flags & SOCKET_CLOSING ? n : pass_on(m, s, bytes, n);
    if (used < 0)
        used = n;  // it is closing: they are of no use
    if (!admitted)
        memset(bytes, 0, (size_t)used);
    if (s->pcb != NULL && used > 0)
        tcp_recved(s->pcb, (u16_t)used);
    return (uint16_t)used;
}

// Where earlier bytes wait, later ones do. A handshake goes on in its turn.
static void receive(struct midge *m, struct socket *s, uint8_t *bytes, uint16_t n) {
    bool waits = s->stashed > 0 || (s->flags & SOCKET_SECURING) || is_stalled(s);
    uint16_t used = waits ? 0 : feed(m, s, bytes, n);
    n = (uint16_t)(n - used);
    MIDGE_ASSERT(n <= sizeof s->stash - s->stashed);
    memcpy(s->stash + s->stashed, bytes + used, n);
    s->stashed = (uint16_t)(s->stashed + n);
#if MIDGE_TLS
    go_on(m, s);
#endif
}

static void resume(struct midge *m, struct socket *s) {
    uint16_t used = feed(m, s, s->stash, s->stashed);
    s->stashed = (uint16_t)(s->stashed - used);
    memmove(s->stash, s->stash + used, s->stashed);
}

static void open_socket(struct midge *m, struct socket *s) {
    if (s->pcb != NULL) {
        struct midge_peer peer = peer_of(s);
        s->conn = midge_open(m, (enum midge_kind)s->kind, &peer);
    }
    if (s->conn == MIDGE_NONE && s->pcb != NULL)
        tcp_abort(s->pcb);
}

// Sees to the socket that a frame has touched. The broker's own calls, such as SEND, wait for the
// end of the turn.
static void attend(struct midge *m, struct socket *s) {
    if (s->conn == MIDGE_NONE)
        open_socket(m, s);
    struct pbuf *p = s->arrived;
    s->arrived = NULL;
    for (struct pbuf *q = p; q != NULL && s->conn != MIDGE_NONE; q = q->next)
        receive(m, s, q->payload, q->len);
    if (p != NULL)
        pbuf_free(p);
}

// ---- Output -------------------------------------------------------------------------------------

// Hands over what there is room for. Whether that is all.
static bool write_clear(struct midge *m, struct socket *s) {
    struct midge_span span;
    while (midge_tx(m, s->conn, s->held, &span, 1) > 0) {
        if (!write_piece(s, &span)) {
            midge_sent(m, s->conn, 0);
            return false;
        }
    }
    return true;
}

// Of what the stack held it has given up n bytes. Hands over more, and answers whether that is all.
static bool hand_over(struct midge *m, struct socket *s, uint32_t n) {
#if MIDGE_TLS
    if (s->tls != 0) {
        if (n > 0)
            release(m, s, n);
        return write_secure(m, s);
    }
#endif
    if (n > 0)
        midge_sent(m, s->conn, n);
    return write_clear(m, s);
}

// Takes note of what was acknowledged, and hands over more. Whether nothing is left then.
static bool send_output(struct midge *m, struct socket *s) {
    uint32_t held = held_by_stack(s->pcb);
    MIDGE_ASSERT(held <= s->held);
    uint32_t n = s->held - held;
    s->held = held;
    bool all = hand_over(m, s, n);
    // Also what the MAC had no room for earlier.
    if (s->pcb->unsent != NULL)
        tcp_output(s->pcb);
    return all;
}

// ---- The end ------------------------------------------------------------------------------------

// Lets the connection go once nothing of it is on the way. What was not consumed counts as read:
// else the stack would reset the connection, which could overtake what was sent.
static void begin_closing(struct socket *s) {
    if (s->flags & SOCKET_CLOSING)
        return;
    s->flags |= SOCKET_CLOSING;
    s->end_ms = sys_now() + CLOSE_MS;
    if (s->pcb != NULL && s->stashed > 0)
        tcp_recved(s->pcb, s->stashed);
    s->stashed = 0;
}

// From here on the stack alone sees to the connection's end, and gives up its control block at once
// where a new connection needs it.
static void leave_to_stack(struct socket *s) {
    struct tcp_pcb *pcb = s->pcb;
    tcp_arg(pcb, NULL);
    tcp_recv(pcb, NULL);
    tcp_err(pcb, NULL);
    pcb->prio = TCP_PRIO_MIN;
    s->pcb = NULL;
    if (tcp_close(pcb) != ERR_OK)
        tcp_abort(pcb);
}

static void drop(struct midge *m, struct socket *s) {
    bool expected = (s->flags & (SOCKET_FINISHED | SOCKET_CLOSING)) && !(s->flags & SOCKET_BROKEN);
    drop_secure(s);
    if (s->conn != MIDGE_NONE)
        midge_closed(m, s->conn, expected ? MIDGE_PEER_CLOSED : MIDGE_READ_ERROR);
    s->conn = MIDGE_NONE;
    s->held = 0;
    s->stashed = 0;
    s->flags = 0;
}

// Closes once nothing is left to be sent, nor to be acknowledged.
static void go_on_closing(struct socket *s, bool all_sent) {
    if (all_sent && s->held == 0 && !farewell(s))
        leave_to_stack(s);
    else if ((int32_t)(sys_now() - s->end_ms) >= 0)
        tcp_abort(s->pcb);
}

// The end of a turn for one socket.
static void look_after(struct midge *m, struct socket *s) {
    bool all_sent = s->pcb != NULL && send_output(m, s);
#if MIDGE_TLS
    if (all_sent && s->held == 0)
        begin_securing(m, s);
#endif
    if ((s->flags & SOCKET_FINISHED) && s->stashed == 0 && !is_stalled(s)) {
        if (s->kind == MIDGE_MONITOR)
            midge_rx(m, s->conn, NULL, 0);
        else
            begin_closing(s);
    }
    if (s->pcb != NULL && (s->flags & SOCKET_CLOSING))
        go_on_closing(s, all_sent);
    if (s->pcb == NULL)
        drop(m, s);
}

// ---- Turns --------------------------------------------------------------------------------------

static struct socket *socket_of(midge_conn conn) {
    for (struct socket *s = sockets; s < sockets + MIDGE_TCP_SOCKETS; s++) {
        if (s->conn == conn)
            return s;
    }
    return NULL;
}

static void carry_out(struct midge *m) {
    enum midge_wish wish;
    midge_conn conn;
    while ((conn = midge_next(m, &wish)) != MIDGE_NONE) {
        struct socket *s = socket_of(conn);
        if (s == NULL)
            continue;
        switch (wish) {
#if MIDGE_TLS
        case MIDGE_WISH_SECURE:
            s->flags |= SOCKET_SECURING;
            break;
#endif
        case MIDGE_WISH_SEND:
            break;  // the turn ends with a look at all output
        case MIDGE_WISH_RESUME:
            if (!(s->flags & SOCKET_SECURING) && (s->stashed > 0 || is_stalled(s)))
                resume(m, s);
            break;
        case MIDGE_WISH_CLOSE_AFTER_SEND:
            begin_closing(s);
            break;
        case MIDGE_WISH_ABORT:
            if (s->pcb != NULL)
                tcp_abort(s->pcb);
            break;
        }
    }
}

#if MIDGE_TLS
// Lets one handshake go on, by a step.
static void handshake(struct midge *m) {
    midge_conn conn = handshakes_next(m);
    struct socket *s = conn != MIDGE_NONE ? socket_of(conn) : NULL;
    if (s == NULL || s->pcb == NULL || !open_slot(m, s))
        return;
    resume(m, s);
    if (tls_goes_on(s->tls))
        go_on(m, s);
}
#endif

void port_turn(struct midge *m, void (*drain)(struct midge *m)) {
    midge_host(m, &host);
    midge_turn(m, port_now());
    sys_check_timeouts();
    network_turn(m);
    for (int i = 0; i < FRAMES && network_take(); i++) {
        yield_unopened();
        if (touched != NULL)
            attend(m, touched);
        touched = NULL;
    }
#if MIDGE_TLS
    tls_turn(m);
    handshake(m);
#endif
    carry_out(m);
    for (struct socket *s = sockets; s < sockets + MIDGE_TCP_SOCKETS; s++) {
        if (s->flags != 0)
            look_after(m, s);
    }
    drain(m);
    uint32_t wait_ms = LWIP_MIN(midge_turn(m, port_now()), sys_timeouts_sleeptime());
#if MIDGE_TLS
    bool busy = handshakes_ready();
#else
    bool busy = false;
#endif
    if (!busy && hal_ethernet_frame() == 0)
        hal_wait(LWIP_MIN(wait_ms, NETWORK_TURN_MS));
}
