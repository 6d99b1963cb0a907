// The port to POSIX sockets on Linux: epoll, one thread, one turn at a time.
//
// Input is read into a buffer that all connections share. What the broker does not consume for want
// of room stays in that buffer, which then belongs to the connection until it does; there are a few
// such buffers. While none is free, and before a client was let in, input is only peeked at, and
// what was consumed is then discarded in the kernel: so a stalled publisher never stops another
// one, and none costs memory.

#include "port/address.h"
#include "port/handshakes.h"
#include "port/port.h"
#include "port/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define READ_BYTES 131072       // one read; also what may be read before output is sent
#define BUFFERS 16              // read buffers
#define SPANS 64                // pieces of output in one call of the system
#define EVENTS 256              // events a turn
#define ACCEPTS 64              // connections accepted on one event
#define RESERVED_FILES 32       // descriptors for everything but connections
#define BUSY_US 200             // turns are close that follow within so long
#define LOOKS 60                // about 20 us
#define ACCEPT_PAUSE_MS 500     // after running out of descriptors
#define ACCEPT_SAY_US 60000000  // said again after so long without

enum {
    SOCKET_PAUSED = 1,   // not read until the broker has room
    SOCKET_BLOCKED = 2,  // has output that the kernel did not take
    SOCKET_CLOSING = 4,  // closes once its output is sent
    SOCKET_MONITOR = 8,
};

struct socket {
    int fd;  // 0: none
    midge_conn conn;
    uint32_t at, n;  // unconsumed bytes of its buffer: from at to n
    uint8_t buffer;  // 1 + index of the buffer that it keeps, 0 for none
    uint8_t flags;
    tls_slot tls;  // 0 for none
};

static struct socket sockets[MIDGE_CONNECTIONS_MAX + 1];
static uint8_t buffers[BUFFERS][READ_BYTES];
static uint8_t buffers_kept[BUFFERS];

static int poll_fd = -1;
static struct listener {
    int fd;  // 0: none
} listeners[MIDGE_KINDS];
static bool accept_paused;
static uint32_t accept_resume_ms;
static uint64_t accept_said_us;  // when the log was told last, 0 never
static uint32_t read_bytes;      // since output was last sent

static uint32_t talking;    // turns in a row in which nobody came or went
static bool several_cores;  // so that looking for events keeps nobody from making them

static struct midge_host host = {.platform = "midge-" MIDGE_VERSION};
static bool host_told;

// ---- Time, entropy, the process -----------------------------------------------------------------

static uint64_t clock_us(clockid_t id) {
    struct timespec t;
    clock_gettime(id, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

struct midge_now port_now(void) {
    uint64_t us = clock_us(CLOCK_MONOTONIC);
    return (struct midge_now){us, clock_us(CLOCK_REALTIME), (uint32_t)(us / 1000)};
}

bool port_entropy(void *to, uint32_t n) {
    return getrandom(to, n, 0) == (ssize_t)n;
}

// Brings resident memory and processor time up to date.
static void measure(struct midge *m) {
    static uint64_t last_us, last_cpu_us;
    char text[64] = "";
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    uint64_t pages = 0;
    const char *p = n > 0 ? strchr(text, ' ') : NULL;
    for (p = p != NULL ? p + 1 : text; *p >= '0' && *p <= '9'; p++)
        pages = pages * 10 + (uint64_t)(*p - '0');
    host.rss_bytes = pages * (uint64_t)sysconf(_SC_PAGESIZE);
    uint64_t now_us = clock_us(CLOCK_MONOTONIC);
    uint64_t cpu_us = clock_us(CLOCK_PROCESS_CPUTIME_ID);
    if (last_us != 0 && now_us > last_us)
        host.cpu_permille = (uint32_t)((cpu_us - last_cpu_us) * 1000 / (now_us - last_us));
    last_us = now_us;
    last_cpu_us = cpu_us;
    tls_ends(&host.certificate_end_us, &host.first_end_us);
    midge_host(m, &host);
}

int32_t port_init(uint32_t connections) {
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return -errno;
    rlim_t want = (rlim_t)connections + RESERVED_FILES;
    if (files.rlim_cur < want) {
        files.rlim_cur = files.rlim_max < want ? files.rlim_max : want;
        if (setrlimit(RLIMIT_NOFILE, &files) != 0)
            return -errno;
    }
    poll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (poll_fd < 0)
        return -errno;
    uint32_t seed;
    if (!port_entropy(&seed, sizeof seed))
        return -ENOSYS;
    handshakes_begin(seed);
    several_cores = sysconf(_SC_NPROCESSORS_ONLN) > 1;
    cpu_set_t cpus;
    host.cores = sched_getaffinity(0, sizeof cpus, &cpus) == 0 ? (uint32_t)CPU_COUNT(&cpus) : 1;
    rlim_t admitted = files.rlim_cur > RESERVED_FILES ? files.rlim_cur - RESERVED_FILES : 0;
    return admitted < connections ? (int32_t)admitted : (int32_t)connections;
}

// ---- Listening ----------------------------------------------------------------------------------

// A listener's event carries its kind, above what any connection's handle can be.
static bool watch(int op, int fd, uint64_t id, uint32_t events) {
    struct epoll_event event = {.events = events, .data.u64 = id};
    return epoll_ctl(poll_fd, op, fd, &event) == 0;
}

#define LISTENER_ID(kind) ((uint64_t)1 << 32 | (uint64_t)(kind))

int32_t port_listen(enum midge_kind kind, const char *name, int32_t port) {
    union address address;
    socklen_t bytes;
    if (!address_resolve(name, port < 0 ? 0 : (uint16_t)port, &address, &bytes))
        return -EADDRNOTAVAIL;
    int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    int on = 1;
    int off = 0;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // accepted sockets inherit it
    if (address.any.sa_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (bind(fd, &address.any, bytes) != 0 || listen(fd, SOMAXCONN) != 0 ||
        getsockname(fd, &address.any, &bytes) != 0 ||
        !watch(EPOLL_CTL_ADD, fd, LISTENER_ID(kind), EPOLLIN)) {
        int error = errno;
        close(fd);
        return -error;
    }
    listeners[kind].fd = fd;
    uint16_t bound =
        ntohs(address.any.sa_family == AF_INET ? address.in.sin_port : address.in6.sin6_port);
    *(kind == MIDGE_CLIENT ? &host.port : &host.http_port) = bound;
    host_told = false;
    return bound;
}

void port_unlisten(enum midge_kind kind) {
    if (listeners[kind].fd != 0)
        close(listeners[kind].fd);
    listeners[kind].fd = 0;
}

// Running out of descriptors makes every accept fail at once: without a pause that would spin.
static void accept_watch(uint32_t events) {
    for (int kind = 0; kind < MIDGE_KINDS; kind++) {
        if (listeners[kind].fd != 0)
            watch(EPOLL_CTL_MOD, listeners[kind].fd, LISTENER_ID(kind), events);
    }
    accept_paused = events == 0;
}

static void accept_pause(struct midge *m) {
    accept_watch(0);
    accept_resume_ms = port_now().ms + ACCEPT_PAUSE_MS;
    uint64_t now_us = clock_us(CLOCK_MONOTONIC);
    if (accept_said_us == 0 || now_us - accept_said_us > ACCEPT_SAY_US)
        midge_note(m, MIDGE_ERR, "Out of file descriptors: accepting connections is paused");
    accept_said_us = now_us;
}

// ---- Sockets ------------------------------------------------------------------------------------

static struct socket *socket_of(midge_conn conn) {
    struct socket *s = &sockets[midge_slot(conn)];
    return s->fd != 0 && s->conn == conn ? s : NULL;
}

static void update(struct socket *s) {
    uint32_t events = 0;
    if (!(s->flags & (SOCKET_PAUSED | SOCKET_CLOSING)))
        events |= EPOLLIN;
    if (s->flags & SOCKET_BLOCKED)
        events |= EPOLLOUT;
    watch(EPOLL_CTL_MOD, s->fd, s->conn, events);
}

static void set_flag(struct socket *s, uint8_t flag, bool on) {
    uint8_t flags = on ? s->flags | flag : s->flags & (uint8_t)~flag;
    if (flags == s->flags)
        return;
    s->flags = flags;
    update(s);
}

// ---- TLS ----------------------------------------------------------------------------------------

static int32_t send_record(void *context, const uint8_t *bytes, uint32_t n, bool more) {
    struct socket *s = context;
    ssize_t sent = send(s->fd, bytes, n, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
    if (sent < 0 && errno != EAGAIN && errno != EINTR)
        return -1;
    if (sent < (ssize_t)n)
        set_flag(s, SOCKET_BLOCKED, true);
    return sent > 0 ? (int32_t)sent : 0;
}

// Passes received bytes on, to the broker or through TLS, and answers as midge_rx does.
static int32_t pass_on(struct midge *m, struct socket *s, const uint8_t *bytes, uint32_t n) {
    if (s->tls == 0)
        return midge_rx(m, s->conn, bytes, n);
    uint32_t used = 0;
    if (!tls_secured(s->tls)) {
        used = tls_handshake(m, s->tls, bytes, n, UINT32_MAX);
        if (!tls_secured(s->tls))
            return (int32_t)used;
        handshakes_end(s->conn);
    }
    int32_t more = tls_rx(m, s->tls, bytes + used, n - used);
    return more < 0 ? more : (int32_t)used + more;
}

// ---- Data ---------------------------------------------------------------------------------------

static void drop(struct midge *m, struct socket *s, enum midge_reason why) {
    talking = 0;
    close(s->fd);
    handshakes_end(s->conn);
    if (s->tls != 0)
        tls_close(s->tls);
    if (s->buffer != 0)
        buffers_kept[s->buffer - 1] = 0;
    midge_conn conn = s->conn;
    *s = (struct socket){0};
    midge_closed(m, conn, why);
    if (accept_paused)
        accept_watch(EPOLLIN);
}

// Sends what there is in clear. Negative where that fails, 0 where the kernel did not take all.
static int32_t send_clear(struct midge *m, struct socket *s) {
    for (;;) {
        struct midge_span spans[SPANS];
        struct iovec pieces[SPANS];
        uint32_t count = midge_tx(m, s->conn, 0, spans, SPANS);
        size_t total = 0;
        for (uint32_t i = 0; i < count; i++) {
            pieces[i] = (struct iovec){(void *)spans[i].bytes, spans[i].n};
            total += spans[i].n;
        }
        if (count == 0)
            return 1;
        struct msghdr message = {.msg_iov = pieces, .msg_iovlen = count};
        ssize_t n = sendmsg(s->fd, &message, MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return -1;
        midge_sent(m, s->conn, n > 0 ? (uint32_t)n : 0);
        if (n < (ssize_t)total)
            return 0;
    }
}

// Sends what there is. False where the connection is gone.
static bool send_output(struct midge *m, struct socket *s) {
    bool secured = s->tls != 0 && tls_secured(s->tls);
    // In a handshake there is nothing but the handshake's own.
    int32_t state = secured ? tls_tx(m, s->tls) : s->tls == 0 ? send_clear(m, s) : 1;
    if (state < 0) {
        drop(m, s, MIDGE_WRITE_ERROR);
        return false;
    }
    set_flag(s, SOCKET_BLOCKED, state == 0);
    if (state == 0)
        return true;
    if (s->flags & SOCKET_CLOSING) {
        if (secured)
            tls_end(s->tls);
        // Bytes left unread would make the close a reset, which could overtake what was sent.
        shutdown(s->fd, SHUT_WR);
        while (recv(s->fd, NULL, READ_BYTES, MSG_TRUNC) == READ_BYTES) {
        }
        drop(m, s, MIDGE_PEER_CLOSED);
        return false;
    }
    return true;
}

static int free_buffer(void) {
    for (int i = 0; i < BUFFERS; i++) {
        if (!buffers_kept[i])
            return i;
    }
    return -1;
}

// What the broker did not consume of its input stays with the socket, which is not read meanwhile.
static void keep(struct socket *s, int buffer, uint32_t at, uint32_t n) {
    if (buffer >= 0) {
        buffers_kept[buffer] = 1;
        s->buffer = (uint8_t)(buffer + 1);
        s->at = at;
        s->n = n;
    }
    set_flag(s, SOCKET_PAUSED, true);
}

// What became of input that was passed on.
static void passed(struct midge *m, struct socket *s, int buffer, int32_t used, uint32_t n) {
    if (used == TLS_ENDED || used == TLS_BROKEN) {
        drop(m, s, used == TLS_ENDED ? MIDGE_PEER_CLOSED : MIDGE_READ_ERROR);
        return;
    }
    if (used < 0)
        return;
    if (buffer < 0 && used > 0)
        recv(s->fd, NULL, (size_t)used, MSG_TRUNC);
    if ((uint32_t)used < n)
        keep(s, buffer, (uint32_t)used, n);
    else if (s->tls != 0 && tls_stalled(s->tls))
        keep(s, -1, 0, 0);
}

static void read_input(struct midge *m, struct socket *s) {
    static uint8_t peeked[READ_BYTES];
    bool admitted = midge_admitted(m, s->conn);
    int buffer = admitted ? free_buffer() : -1;
    uint8_t *to = buffer >= 0 ? buffers[buffer] : peeked;
    ssize_t n = recv(s->fd, to, READ_BYTES, buffer >= 0 ? 0 : MSG_PEEK);
    if (n == 0 && (s->flags & SOCKET_MONITOR) && s->tls == 0) {
        set_flag(s, SOCKET_PAUSED, true);
        midge_rx(m, s->conn, NULL, 0);
        return;
    }
    if (n <= 0) {
        if (n == 0 || (errno != EAGAIN && errno != EINTR))
            drop(m, s, n == 0 ? MIDGE_PEER_CLOSED : MIDGE_READ_ERROR);
        return;
    }
    read_bytes += (uint32_t)n;
    if (s->flags & SOCKET_MONITOR)
        measure(m);
    int32_t used = pass_on(m, s, to, (uint32_t)n);
    if (!admitted)
        memset(to, 0, (size_t)n);
    passed(m, s, buffer, used, (uint32_t)n);
}

static void resume(struct midge *m, struct socket *s) {
    const uint8_t *bytes = s->buffer != 0 ? buffers[s->buffer - 1] + s->at : NULL;
    if (s->buffer != 0 || s->tls != 0) {
        int32_t used = pass_on(m, s, bytes, s->n - s->at);
        if (used == TLS_ENDED || used == TLS_BROKEN) {
            drop(m, s, used == TLS_ENDED ? MIDGE_PEER_CLOSED : MIDGE_READ_ERROR);
            return;
        }
        s->at += used > 0 ? (uint32_t)used : 0;
        if (used < 0 || s->at < s->n || (s->tls != 0 && tls_stalled(s->tls)))
            return;
    }
    if (s->buffer != 0)
        buffers_kept[s->buffer - 1] = 0;
    s->buffer = 0;
    s->at = s->n = 0;
    set_flag(s, SOCKET_PAUSED, false);
}

// A peer was heard that has to go through a handshake: it is not read until its turn.
static void await_handshake(struct midge *m, struct socket *s) {
    union address address = {0};
    socklen_t bytes = sizeof address;
    getpeername(s->fd, &address.any, &bytes);
    struct midge_peer peer = address_peer(&address);
    set_flag(s, SOCKET_PAUSED, true);
    handshakes_add(m, s->conn, &peer);
}

// Lets one handshake go on.
static void handshake(struct midge *m) {
    struct socket *s = socket_of(handshakes_next(m));
    if (s == NULL)
        return;
    if (s->tls == 0) {
        s->tls = tls_open(s->conn, send_record, s);
        if (s->tls != 0 && (s->flags & SOCKET_MONITOR))
            tls_spare(s->tls);
    }
    if (s->tls == 0) {
        midge_secured(m, s->conn, &(struct midge_tls){.failure = "every TLS slot is in use"});
        return;
    }
    set_flag(s, SOCKET_PAUSED, false);
    read_input(m, s);
}

// ---- Turns --------------------------------------------------------------------------------------

// Carries out what the broker wants. True where there was anything.
static bool carry_out(struct midge *m) {
    enum midge_wish wish;
    midge_conn conn;
    bool any = false;
    read_bytes = 0;
    while ((conn = midge_next(m, &wish)) != MIDGE_NONE) {
        struct socket *s = socket_of(conn);
        any = true;
        if (s == NULL)
            continue;
        switch (wish) {
        case MIDGE_WISH_SECURE:
            await_handshake(m, s);
            break;
        case MIDGE_WISH_SEND:
            send_output(m, s);
            break;
        case MIDGE_WISH_RESUME:
            resume(m, s);
            break;
        case MIDGE_WISH_CLOSE_AFTER_SEND:
            set_flag(s, SOCKET_CLOSING, true);
            send_output(m, s);
            break;
        case MIDGE_WISH_ABORT:
            drop(m, s, MIDGE_PEER_CLOSED);
            break;
        }
    }
    return any;
}

static void accept_all(struct midge *m, enum midge_kind kind) {
    talking = 0;
    for (int i = 0; i < ACCEPTS; i++) {
        union address address = {0};
        socklen_t bytes = sizeof address;
        int fd = accept4(listeners[kind].fd, &address.any, &bytes, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
                accept_pause(m);
            return;
        }
        struct midge_peer peer = address_peer(&address);
        midge_conn conn = midge_open(m, kind, &peer);
        if (conn == MIDGE_NONE) {
            close(fd);
            continue;
        }
        struct socket *s = &sockets[midge_slot(conn)];
        *s = (struct socket){
            .fd = fd,
            .conn = conn,
            .flags = kind == MIDGE_MONITOR ? SOCKET_MONITOR : 0,
        };
        if (!watch(EPOLL_CTL_ADD, fd, conn, EPOLLIN))
            drop(m, s, MIDGE_READ_ERROR);
    }
}

static void attend(struct midge *m, const struct epoll_event *event) {
    if (event->data.u64 >> 32 != 0) {
        enum midge_kind kind = (enum midge_kind)(uint32_t)event->data.u64;
        if (listeners[kind].fd != 0 && !accept_paused)
            accept_all(m, kind);
        return;
    }
    midge_conn conn = (midge_conn)event->data.u64;
    struct socket *s = socket_of(conn);
    if (s == NULL)
        return;
    if (s->tls != 0 && !tls_secured(s->tls)) {
        set_flag(s, SOCKET_BLOCKED, false);
        await_handshake(m, s);
        return;
    }
    if ((event->events & EPOLLOUT) && !send_output(m, s))
        return;
    if (event->events & EPOLLIN)
        read_input(m, s);
    else if (event->events & (EPOLLERR | EPOLLHUP))
        drop(m, s, event->events & EPOLLERR ? MIDGE_READ_ERROR : MIDGE_PEER_CLOSED);
}

// How long to wait, the broker's work before it done.
static int wait_ms(struct midge *m) {
    uint32_t wait;
    do {
        wait = midge_turn(m, port_now());
    } while (carry_out(m));
    if (accept_paused) {
        uint32_t pause = accept_resume_ms - port_now().ms;
        if ((int32_t)pause <= 0) {
            accept_watch(EPOLLIN);
        } else if (pause < wait) {
            wait = pause;
        }
    }
    return handshakes_ready() ? 0 : wait > INT32_MAX ? -1 : (int)wait;
}

// Waits for events. To sleep and be woken costs more than most turns do: while clients talk and
// turns follow each other closely, the next event is looked for a little before going to sleep.
static int wait_for_events(struct epoll_event *events, int wait) {
    static uint64_t last_us;
    sigset_t none;
    sigemptyset(&none);
    bool busy = several_cores && talking >= 2 && clock_us(CLOCK_MONOTONIC) - last_us < BUSY_US;
    int n = 0;
    for (int i = 0; busy && i < LOOKS && n == 0; i++)
        n = epoll_pwait(poll_fd, events, EVENTS, 0, &none);
    if (n == 0)
        n = epoll_pwait(poll_fd, events, EVENTS, wait, &none);
    if (n > 0) {
        last_us = clock_us(CLOCK_MONOTONIC);
        talking++;
    }
    return n;
}

void port_turn(struct midge *m, void (*drain)(struct midge *m)) {
    static struct epoll_event events[EVENTS];
    uint64_t certificate_end_us, first_end_us;
    tls_ends(&certificate_end_us, &first_end_us);
    if (!host_told || first_end_us != host.first_end_us) {
        measure(m);
        host_told = true;
    }
    int wait = wait_ms(m);
    drain(m);
    int n = wait_for_events(events, wait);
    midge_turn(m, port_now());
    for (int i = 0; i < n; i++) {
        attend(m, &events[i]);
        if (read_bytes >= READ_BYTES)
            carry_out(m);
        drain(m);
    }
    handshake(m);
    carry_out(m);
    drain(m);
}
