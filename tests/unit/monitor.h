// A broker that is monitored: its clients, and a peer that asks and takes the answer as it likes.

#ifndef UNIT_MONITOR_H
#define UNIT_MONITOR_H

#include <stdlib.h>

#include "tests/unit/broker.h"

#include "broker/core/midge.h"

#define ANSWER_MAX (1 << 22)

struct answer_got {
    char text[ANSWER_MAX];
    uint32_t n;
    bool cut;          // closed without having been sent whole
    bool closed;       // else, by the broker; or else it waits for another request
    uint32_t turns;    // that it took
    uint32_t blocks;   // most that its connection held
    uint32_t largest;  // most bytes that waited to be sent
};

static struct answer_got got;

static midge_conn monitor;      // the connection that asks
static enum midge_wish wished;  // for it

// Called between two pieces of an answer.
static void (*meanwhile)(struct midge *m);

static inline void pass_ms(struct midge *m, uint32_t ms) {
    struct midge_now now = m->now;
    now.us += (uint64_t)ms * 1000;
    now.ms += ms;
    if (now.wall_us != 0)
        now.wall_us += (uint64_t)ms * 1000;
    midge_turn(m, now);
}

// Carries out the wishes of clients as an attentive port does; notes those of the one who asks.
static inline void serve(struct midge *m) {
    enum midge_wish wish;
    midge_conn c;
    while ((c = midge_next(m, &wish)) != MIDGE_NONE) {
        struct midge_span v;
        if (c == monitor)
            wished = wish;
        if (m->connections[midge_slot(c)].kind == MIDGE_MONITOR)
            continue;
        while (midge_tx(m, c, 0, &v, 1) > 0)
            midge_sent(m, c, v.n);
        if (wish == MIDGE_WISH_ABORT || wish == MIDGE_WISH_CLOSE_AFTER_SEND)
            midge_closed(m, c, MIDGE_PEER_CLOSED);
    }
}

static inline midge_conn client(struct midge *m, const char *says) {
    struct midge_peer peer = {.ip = {10, 0, 0, 1}, .ip_bytes = 4, .port = 4000};
    peer.port = (uint16_t)(peer.port + m->last_cid);
    midge_conn c = midge_open(m, MIDGE_CLIENT, &peer);
    assert_int_not_equal(c, MIDGE_NONE);
    assert_int_equal(midge_rx(m, c, (const uint8_t *)says, (uint32_t)strlen(says)), strlen(says));
    serve(m);
    return c;
}

static inline void say(struct midge *m, midge_conn c, const char *says) {
    midge_rx(m, c, (const uint8_t *)says, (uint32_t)strlen(says));
    serve(m);
}

// Joins the chunks of the answer's body, each of which must be well formed, up to the last one.
static inline void join_chunks(char *body) {
    char *to = body, *from = body;
    uint32_t n;
    do {
        char *digits_end;
        n = (uint32_t)strtoul(from, &digits_end, 16);
        assert_memory_equal(digits_end, "\r\n", 2);
        from = digits_end + 2;
        assert_true(from + n <= got.text + got.n);
        memmove(to, from, n);
        assert_memory_equal(from + n, "\r\n", 2);
        to += n;
        from += n + 2;
    } while (n > 0);
    assert_ptr_equal(from, got.text + got.n);
    *to = '\0';
    got.n = (uint32_t)(to - got.text);
}

// The answer's end is where its head says, if it does.
static inline void check_length(const char *request) {
    char *body = strstr(got.text, "\r\n\r\n");
    assert_non_null(body);
    body += 4;
    const char *length = strstr(got.text, "\r\nContent-Length: ");
    bool chunked = strstr(got.text, "\r\nTransfer-Encoding: chunked\r\n") != NULL;
    bool close = strstr(got.text, "\r\nConnection: close\r\n") != NULL;
    assert_int_equal(close, got.closed);
    assert_true(close || chunked || length != NULL);
    if (memcmp(request, "HEAD", 4) == 0)
        assert_int_equal(*body, '\0');
    else if (chunked)
        join_chunks(body);
    else if (length != NULL)
        assert_int_equal(strtoul(length + 18, NULL, 10), strlen(body));
}

// Sends a request in pieces of `give` bytes, and takes the answer in pieces of at most `take`. Its
// text is as if it had come without chunks.
static inline const char *exchange(struct midge *m, const char *request, uint32_t give,
                                   uint32_t take) {
    got.n = got.turns = got.blocks = got.largest = 0;
    got.cut = got.closed = false;
    wished = 0;
    monitor = midge_open(m, MIDGE_MONITOR, NULL);
    assert_int_not_equal(monitor, MIDGE_NONE);
    const struct conn *c = &m->connections[midge_slot(monitor)];
    uint32_t request_bytes = (uint32_t)strlen(request);
    for (uint32_t at = 0; at < request_bytes; at += give) {
        uint32_t part = request_bytes - at < give ? request_bytes - at : give;
        if (midge_rx(m, monitor, (const uint8_t *)request + at, part) < 0)
            break;
    }
    for (;;) {
        serve(m);
        got.blocks = c->blocks > got.blocks ? c->blocks : got.blocks;
        got.largest = c->out.bytes > got.largest ? c->out.bytes : got.largest;
        struct midge_span v;
        if (wished == MIDGE_WISH_ABORT) {
            got.cut = true;
            break;
        }
        if (midge_tx(m, monitor, 0, &v, 1) > 0) {
            uint32_t part = v.n < take ? v.n : take;
            assert_true(got.n + part < ANSWER_MAX);
            memcpy(got.text + got.n, v.bytes, part);
            got.n += part;
            midge_sent(m, monitor, part);
        } else if (wished == MIDGE_WISH_CLOSE_AFTER_SEND) {
            got.closed = true;
            break;
        } else if (got.n > 0 && c->monitor.endpoint == 0) {
            break;
        } else {
            pass_ms(m, 1);
            assert_true(++got.turns < 100000);
        }
        if (meanwhile != NULL)
            meanwhile(m);
    }
    midge_closed(m, monitor, MIDGE_PEER_CLOSED);
    conn_reap(m, 1);
    got.text[got.n] = '\0';
    if (!got.cut)
        check_length(request);
    return got.text;
}

// The body of the answer to a GET, which must be 200.
static inline const char *body_of(struct midge *m, const char *target) {
    char request[1024] = "GET ";
    strcat(strcat(request, target), " HTTP/1.1\r\nHost: h\r\n\r\n");
    const char *text = exchange(m, request, UINT32_MAX, UINT32_MAX);
    const char *body = strstr(text, "\r\n\r\n");
    assert_non_null(body);
    assert_memory_equal(text, "HTTP/1.1 200 OK\r\n", 17);
    return body + 4;
}

// The body of a refusal.
static inline const char *complaint_of(struct midge *m, const char *target) {
    char request[1024] = "GET ";
    strcat(strcat(request, target), " HTTP/1.1\r\n\r\n");
    const char *text = exchange(m, request, UINT32_MAX, UINT32_MAX);
    assert_memory_equal(text, "HTTP/1.1 400 Bad Request\r\n", 26);
    assert_non_null(strstr(text, "\r\nContent-Type: text/plain; charset=utf-8\r\n"));
    return strstr(text, "\r\n\r\n") + 4;
}

// ---- JSON ---------------------------------------------------------------------------------------

static inline const char *json_blank(const char *s) {
    return s + strspn(s, " \n");
}

// Behind the string that begins at s; NULL where it is none.
static inline const char *json_string(const char *s) {
    if (*s++ != '"')
        return NULL;
    while (*s != '"') {
        if ((unsigned char)*s < 0x20 || *s == '<' || *s == '>' || *s == '&')
            return NULL;
        s += *s == '\\' ? 2 : 1;
    }
    return s + 1;
}

// Behind the value that begins at s; NULL where it is malformed.
static inline const char *json_value(const char *s, uint32_t depth) {
    s = json_blank(s);
    if (*s == '"')
        return json_string(s);
    if (*s == '{' || *s == '[') {
        char end = *s == '{' ? '}' : ']';
        s = json_blank(s + 1);
        if (*s == end)
            return s + 1;
        for (; depth < 8; s++) {
            s = json_blank(s);
            if (end == '}') {
                s = json_string(s);
                if (s == NULL || *(s = json_blank(s)) != ':')
                    return NULL;
                s++;
            }
            s = json_value(s, depth + 1);
            if (s == NULL || *(s = json_blank(s)) == end)
                return s == NULL ? NULL : s + 1;
            if (*s != ',')
                return NULL;
        }
        return NULL;
    }
    size_t n = strspn(s, "0123456789.");
    if (n == 0 && (memcmp(s, "true", 4) == 0 || memcmp(s, "null", 4) == 0))
        n = 4;
    if (n == 0 && memcmp(s, "false", 5) == 0)
        n = 5;
    return n > 0 ? s + n : NULL;
}

static inline bool is_json(const char *s) {
    s = json_value(s, 0);
    return s != NULL && *json_blank(s) == '\0';
}

// A reading of a plain member, the `nth` of that name.
static inline uint64_t number_of(const char *text, const char *name, uint32_t nth) {
    char key[64] = "\"";
    strcat(strcat(key, name), "\": ");
    for (uint32_t i = 0; i <= nth; i++) {
        text = strstr(text, key);
        assert_non_null(text);
        text += strlen(key);
    }
    uint64_t v = 0;
    for (; *text >= '0' && *text <= '9'; text++)
        v = v * 10 + (uint64_t)(*text - '0');
    return v;
}

// How often a text occurs.
static inline uint32_t count_of(const char *text, const char *part) {
    uint32_t count = 0;
    for (; (text = strstr(text, part)) != NULL; text += strlen(part))
        count++;
    return count;
}

#endif
