// What no broker can beat: read, find the lines of PUB, write them out again as MSG to whoever
// subscribed to that very subject. No tables, no limits, no queues (a full socket blocks), no
// statistics, and trust in its one client, the generator.
#include "cases.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CLIENTS_MAX = 256, IN_BYTES = 64 << 10, OUT_BYTES = 512 << 10 };

struct client {
    int fd;
    char subject[32], sid[8];  // of its one subscription
    uint32_t subject_len, sid_len, in_len, out_len;
    uint8_t in[IN_BYTES], out[OUT_BYTES];
};

static struct client *clients[CLIENTS_MAX];
static uint32_t client_count;

static void flush(struct client *c) {
    for (uint32_t sent = 0; sent < c->out_len;) {
        ssize_t n = send(c->fd, c->out + sent, c->out_len - sent, MSG_NOSIGNAL);
        if (n <= 0)
            break;
        sent += (uint32_t)n;
    }
    c->out_len = 0;
}

static void put(struct client *c, const void *bytes, size_t n) {
    memcpy(c->out + c->out_len, bytes, n);
    c->out_len += (uint32_t)n;
}

// PUB <subject> <size>: from the subject on, `rest` holds the line, the payload and what follows.
static void relay(const char *subject, const char *blank, const uint8_t *rest, size_t n) {
    for (uint32_t i = 0; i < client_count; i++) {
        struct client *c = clients[i];
        if (c->subject_len != (uint32_t)(blank - subject) ||
            memcmp(c->subject, subject, c->subject_len) != 0)
            continue;
        if (c->out_len + n + 64 > OUT_BYTES)
            flush(c);
        put(c, "MSG ", 4);
        put(c, subject, c->subject_len + 1);
        put(c, c->sid, c->sid_len);
        put(c, rest, n);
    }
}

// One line, with its payload; the bytes that it takes, 0 if it is not complete.
static size_t take(struct client *c, const uint8_t *p, size_t n) {
    const uint8_t *end = memchr(p, '\n', n);
    if (!end)
        return 0;
    size_t line = (size_t)(end + 1 - p);
    if (p[0] == 'S') {
        sscanf((const char *)p, "SUB %31s %7s", c->subject, c->sid);
        c->subject_len = (uint32_t)strlen(c->subject);
        c->sid_len = (uint32_t)strlen(c->sid);
    } else if (p[0] == 'P' && p[1] == 'I') {
        put(c, "PONG\r\n", 6);
    } else if (p[0] == 'P' && p[1] == 'U') {
        const char *subject = (const char *)p + 4;
        const char *blank = memchr(subject, ' ', line);
        uint32_t size = 0;
        for (const char *q = blank + 1; *q >= '0'; q++)
            size = size * 10 + (uint32_t)(*q - '0');
        if (line + size + 2 > n)
            return 0;
        relay(subject, blank, (const uint8_t *)blank,
              line + size + 2 - (size_t)(blank - (const char *)p));
        return line + size + 2;
    }
    return line;
}

static bool serve(struct client *c) {
    ssize_t n = recv(c->fd, c->in + c->in_len, IN_BYTES - c->in_len, 0);
    if (n <= 0)
        return false;
    c->in_len += (uint32_t)n;
    uint32_t at = 0;
    size_t taken;
    while (at < c->in_len && (taken = take(c, c->in + at, c->in_len - at)) > 0)
        at += (uint32_t)taken;
    c->in_len -= at;
    memmove(c->in, c->in + at, c->in_len);
    for (uint32_t i = 0; i < client_count; i++)
        if (clients[i]->out_len > 0)
            flush(clients[i]);
    return true;
}

static void welcome(int listener, int epoll) {
    struct client *c = calloc(1, sizeof *c);
    int on = 1;
    c->fd = accept(listener, NULL, NULL);
    if (c->fd < 0 || client_count == CLIENTS_MAX)
        fail("no more clients");
    clients[client_count++] = c;
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event);
    put(c, "INFO {}\r\n", 9);
    flush(c);
}

void bare_serve(uint16_t port) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int listener = socket(AF_INET, SOCK_STREAM, 0), epoll = epoll_create1(0), on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&at, sizeof at) != 0 || listen(listener, 128) != 0)
        fail("cannot listen on port %u", port);
    struct epoll_event event = {.events = EPOLLIN};
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    fputs("Server is ready\n", stderr);
    for (;;) {
        struct epoll_event events[64];
        int n = epoll_wait(epoll, events, 64, -1);
        for (int i = 0; i < n; i++) {
            struct client *c = events[i].data.ptr;
            if (!c)
                welcome(listener, epoll);
            else if (!serve(c))
                epoll_ctl(epoll, EPOLL_CTL_DEL, c->fd, NULL);
        }
    }
}
