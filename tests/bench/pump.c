#include "pump.h"
#include "meter.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    READ_BYTES = 256 << 10,
    REST_MAX = 16 << 10,  // more than a message of any case
    WRITE_BYTES = 128 << 10,
    RECORD_BYTES = 16 << 10,
    EVENTS = 256,
    SILENCE_MS = 10000,
};

void pump_init(struct pump *p, uint16_t port, bool polls) {
    *p = (struct pump){
        .epoll = epoll_create1(0),
        .port = port,
        .polls = polls,
        .heard_ns = now_ns(),
        .buffer = malloc(REST_MAX + READ_BYTES),
    };
    if (p->epoll < 0 || !p->buffer)
        fail("no epoll, or out of memory");
}

void pump_secure(struct pump *p, const struct secure_shape *shape) {
    if (shape->version)
        p->secure = secure_init(shape);
}

// The answer to the first INFO; later ones tell nothing that a generator would use.
static void greet(struct conn *c) {
    if (!c->greeted)
        conn_printf(c, "CONNECT {\"verbose\":false,\"pedantic\":false,\"lang\":\"c\","
                       "\"version\":\"1\",\"protocol\":1,\"echo\":true,\"headers\":true,"
                       "\"no_responders\":true}\r\nPING\r\n");
    c->greeted = true;
}

// A line that is not a message: the bytes that it takes, 0 if it is not complete.
static size_t take_control(struct conn *c, const uint8_t *p, size_t n) {
    const uint8_t *end = memchr(p, '\n', n);
    if (!end)
        return 0;
    const char *line = (const char *)p;
    int length = (int)(end - p);
    if (strncmp(line, "PING", 4) == 0)
        conn_write(c, "PONG\r\n", 6);
    else if (strncmp(line, "PONG", 4) == 0)
        c->pongs++;
    else if (strncmp(line, "INFO", 4) == 0)
        greet(c);
    else if (strncmp(line, "+OK", 3) != 0)
        fail("the server sent: %.*s", length < 100 ? length : 100, line);
    return (size_t)length + 1;
}

// Bytes that are as expected, up to the first record that is not.
static size_t take_expected(struct conn *c, const uint8_t *p, size_t n) {
    const struct ring *r = c->expect;
    uint32_t at = (uint32_t)(c->taken % ring_length(r));
    size_t most = ring_length(r) - at;
    if (n > most)
        n = most;
    if (memcmp(p, r->bytes + at, n) == 0) {
        c->taken += n;
        return n;
    }
    size_t good = 0;
    while (p[good] == r->bytes[at + good])
        good++;
    uint64_t start = ring_position(r, ring_whole(r, c->taken + good));
    if (start < c->taken || (start == c->taken && good > 0))
        fail("message %" PRIu64 " is not what was published: %.*s", ring_whole(r, start),
             (int)(n < 60 ? n : 60), (const char *)p);
    n = (size_t)(start - c->taken);
    c->taken = start;
    return n;
}

// Takes one thing, whatever it is; returns its bytes, 0 if it is not complete.
static size_t take(struct conn *c, const uint8_t *p, size_t n) {
    if (c->expect) {
        size_t taken = take_expected(c, p, n);
        return taken > 0 ? taken : take_control(c, p, n);
    }
    if (p[0] != 'M')
        return take_control(c, p, n);
    struct message m;
    size_t taken = message_parse(&m, p, n);
    if (taken > 0 && !c->message)
        fail("a message where none was subscribed");
    if (taken > 0)
        c->message(c, &m);
    return taken;
}

static void keep_rest(struct conn *c, const uint8_t *p, size_t n) {
    if (n > REST_MAX)
        fail("a line of more than %d bytes", REST_MAX);
    if (n > c->rest_cap) {
        c->rest_cap = n < 512 ? 512 : REST_MAX;
        c->rest = realloc(c->rest, c->rest_cap);
    }
    if (n > 0)
        memcpy(c->rest, p, n);
    c->rest_len = (uint32_t)n;
}

// What there is to read, 0 where there is nothing now.
static size_t get(struct conn *c, uint8_t *to) {
    size_t got = 0, more;
    if (c->secured) {
        while (got < READ_BYTES && (more = secure_read(c->ssl, to + got, READ_BYTES - got)) > 0)
            got += more;
        return got;
    }
    ssize_t n = recv(c->fd, to, READ_BYTES, 0);
    if (n < 0 && errno == EAGAIN)
        return 0;
    if (n <= 0)
        fail("the server closed a connection: %s", n < 0 ? strerror(errno) : "end of stream");
    return (size_t)n;
}

// INFO in clear, all of which is there since it is so short, and then the handshake.
static void conn_secure(struct conn *c) {
    if (!c->ssl) {
        size_t n = get(c, c->pump->buffer);
        if (n == 0)
            return;
        if (c->pump->buffer[n - 1] != '\n')
            fail("INFO does not come whole, or something follows it before TLS");
        c->ssl = secure_open(c->pump->secure, c->fd);
    }
    c->secured = secure_handshake(c->pump->secure, c->ssl);
    if (c->secured)
        greet(c);
}

static void conn_read(struct conn *c) {
    size_t n;
    if (c->pump->secure && !c->secured)
        conn_secure(c);
    if (c->pump->secure && !c->secured)
        return;
    do {
        uint8_t *start = c->pump->buffer + REST_MAX - c->rest_len;
        if (c->rest_len > 0)
            memcpy(start, c->rest, c->rest_len);
        n = get(c, start + c->rest_len);
        if (n == 0)
            break;
        const uint8_t *p = start, *end = start + c->rest_len + n;
        size_t taken;
        while (p < end && (taken = take(c, p, (size_t)(end - p))) > 0)
            p += taken;
        keep_rest(c, p, (size_t)(end - p));
    } while (n == READ_BYTES);
    conn_flush(c);
}

void pump_turn(struct pump *p, bool wait) {
    struct epoll_event events[EVENTS];
    int n = epoll_wait(p->epoll, events, EVENTS, wait && !p->polls ? SILENCE_MS : 0);
    uint64_t now = now_ns();
    if (n > 0)
        p->heard_ns = now;
    else if (wait && now - p->heard_ns >= SILENCE_MS * 1000000ull)
        fail("silence for %d s: something was not delivered", SILENCE_MS / 1000);
    for (int i = 0; i < n; i++) {
        struct conn *c = events[i].data.ptr;
        if (events[i].events & EPOLLOUT) {
            c->writable = true;
            conn_flush(c);
        }
        if (events[i].events & ~(uint32_t)EPOLLOUT)
            conn_read(c);
    }
}

void conn_write(struct conn *c, const void *bytes, uint32_t n) {
    if (c->out_len + n > c->out_cap) {
        c->out_cap = (c->out_len + n) * 2;
        c->out = realloc(c->out, c->out_cap);
    }
    memcpy(c->out + c->out_len, bytes, n);
    c->out_len += n;
}

void conn_printf(struct conn *c, const char *format, ...) {
    char line[512];
    va_list ap;
    va_start(ap, format);
    int n = vsnprintf(line, sizeof line, format, ap);
    va_end(ap);
    conn_write(c, line, (uint32_t)n);
}

// Writes records as far as the socket takes them. One that was encrypted counts as taken.
static size_t put_records(struct conn *c, const uint8_t *bytes, size_t n) {
    size_t done = 0, more;
    while (done < n && (more = secure_write(c->ssl, bytes + done, n - done)) > 0)
        done += more;
    if (done == n)
        return n;
    c->writable = false;
    c->record = n - done < RECORD_BYTES ? (uint32_t)(n - done) : RECORD_BYTES;
    return done + c->record;
}

// Sends the rest of a record, which knows its contents.
static void put_rest(struct conn *c) {
    static const uint8_t contents[RECORD_BYTES];
    if (secure_write(c->ssl, contents, c->record) > 0)
        c->record = 0;
    else
        c->writable = false;
}

// One write; what the socket took.
static size_t put(struct conn *c, const void *bytes, size_t n) {
    if (c->secured)
        return put_records(c, bytes, n);
    ssize_t sent = send(c->fd, bytes, n, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN)
        fail("the server closed a connection: %s", strerror(errno));
    if (sent < (ssize_t)n)
        c->writable = false;
    return sent < 0 ? 0 : (size_t)sent;
}

bool conn_flush(struct conn *c) {
    if (c->pump->secure && !c->secured)
        return false;
    if (c->writable && c->record > 0)
        put_rest(c);
    if (c->writable && c->fed < c->feed_to) {
        uint32_t at = (uint32_t)(c->fed % ring_length(c->feed));
        uint64_t n = ring_length(c->feed) - at;
        if (n > c->feed_to - c->fed)
            n = c->feed_to - c->fed;
        c->fed += put(c, c->feed->bytes + at, n < WRITE_BYTES ? n : WRITE_BYTES);
    }
    if (c->writable && c->fed == c->feed_to && c->out_len > 0) {
        uint32_t sent = (uint32_t)put(c, c->out, c->out_len);
        c->out_len -= sent;
        memmove(c->out, c->out + sent, c->out_len);
    }
    return c->writable && c->fed < c->feed_to;
}

bool conn_feed(struct conn *c, uint64_t to) {
    c->feed_to = to;
    return conn_flush(c);
}

void conn_dial(struct conn *c, struct pump *p) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(p->port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    c->pump = p;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&to, sizeof to) != 0)
        fail("no connection to port %u: %s", p->port, strerror(errno));
    int on = 1;
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c};
    epoll_ctl(p->epoll, EPOLL_CTL_ADD, c->fd, &event);
}

void conn_open(struct conn *c, struct pump *p) {
    conn_dial(c, p);
    conn_await(c, 1);
}

void conn_close(struct conn *c) {
    if (c->ssl)
        secure_close(c->ssl);
    close(c->fd);
    free(c->out);
    free(c->rest);
    *c = (struct conn){0};
}

void conn_await(struct conn *c, uint32_t pongs) {
    while (c->pongs < pongs)
        pump_turn(c->pump, !conn_flush(c));
}

void conn_sync(struct conn *c) {
    conn_write(c, "PING\r\n", 6);
    conn_await(c, c->pongs + 1);
}
