#include "broker/ops/monitor.h"

#include "broker/core/chars.h"
#include "broker/core/midge.h"
#include "broker/core/subject.h"
#include "broker/ops/connz.h"
#include "broker/ops/content.h"
#include "broker/ops/endpoint.h"
#include "broker/ops/health.h"
#include "broker/ops/names.h"

_Static_assert(!MIDGE_MONITOR_HUB || ENDPOINT_PATHS <= HTTP_COUNTERS,
               "each endpoint has a counter");

// Whether the connection ends with the present answer.
static bool is_last(const struct conn *c) {
    return !MIDGE_MONITOR_HUB || c->monitor.last;
}

// ---- Heads --------------------------------------------------------------------------------------

// The head of an answer at most.
#define HEAD_BYTES 144

// No length is told: the answer is written piece by piece.
#define UNTOLD UINT32_MAX

#define HTML "text/html; charset=utf-8"
#define TEXT "text/plain; charset=utf-8"
#define JSON "application/json\r\nAccess-Control-Allow-Origin: *"

// In the order of enum http_status.
static const char *status_text(enum http_status status) {
    static const char texts[] = "200 OK\0"
                                "400 Bad Request\0"
                                "404 Not Found\0"
                                "414 URI Too Long\0"
                                "431 Request Header Fields Too Large\0"
                                "500 Internal Server Error\0"
                                "505 HTTP Version Not Supported";
    return names_at(texts, status - HTTP_OK);
}

static void send_head(struct midge *m, struct conn *c, enum http_status status, const char *type,
                      uint32_t length) {
    conn_send_text(m, c, "HTTP/1.1 ");
    conn_send_text(m, c, status_text(status));
    conn_send_text(m, c, "\r\nContent-Type: ");
    conn_send_text(m, c, type);
    if (MIDGE_MONITOR_HUB && length != UNTOLD) {
        uint8_t digits[20];
        conn_send_text(m, c, "\r\nContent-Length: ");
        conn_send(m, c, digits, format_decimal(digits, length));
    } else if (!is_last(c)) {
        conn_send_text(m, c, "\r\nTransfer-Encoding: chunked");
    }
    conn_send_text(m, c, is_last(c) ? "\r\nConnection: close\r\n\r\n" : "\r\n\r\n");
}

static void drop_request(struct midge *m, struct conn *c) {
    block_give(m, c, c->monitor.request);
    c->monitor.request = 0;
}

// An answer was written to its end: another request may come, once it is sent.
static void end_answer(struct midge *m, struct conn *c) {
    if (is_last(c) || c->monitor.ended)
        conn_close(m, c, MIDGE_PEER_CLOSED, true);
    else
        c->monitor = (struct monitor_state){0};
}

// ---- Short answers ------------------------------------------------------------------------------

// Sends a text, cut to what a connection always has room for.
static void send_text(struct midge *m, struct conn *c, enum http_status status, const char *type,
                      const struct format *text) {
    uint32_t most = MIDGE_BLOCKS_GUARANTEED * (m->block_room - OUTQ_RUN_BYTES) - HEAD_BYTES;
    uint32_t n = MIDGE_MONITOR_HUB && text->n > most ? most : text->n;
    drop_request(m, c);
    send_head(m, c, status, type, n);
    if (!c->monitor.head_only)
        conn_send(m, c, text->to, n);
    end_answer(m, c);
}

// `why` has room in any case, and may be empty.
static void refuse(struct midge *m, struct conn *c, enum http_status status, struct format *why) {
    if (why->n == 0)
        format_text(why, status == HTTP_NOT_FOUND ? "404 page not found\n" : status_text(status));
    send_text(m, c, status, TEXT, why);
}

// ---- Documents ----------------------------------------------------------------------------------

// Writes on. An answer that fits at once tells its length.
static void write_on(struct answer *a) {
    struct midge *m = a->m;
    struct conn *c = a->c;
    struct monitor_state *s = &c->monitor;
    bool first = !s->begun;
    enum progress progress = first ? content_begin(a) : PROGRESS_DONE;
    if (progress == PROGRESS_DONE) {
        progress = document_write(a, first ? HEAD_BYTES : 0);
        bool told = first && progress == PROGRESS_END;
        if (first)
            send_head(m, c, HTTP_OK, answer_is_plain(a) ? HTML : JSON, told ? a->out.n : UNTOLD);
        s->begun = true;
        if (s->head_only)
            progress = PROGRESS_END;
        else
            document_send(a, !is_last(c) && !told, progress == PROGRESS_END);
    }
    if (c->out.bytes > 0)
        conn_queued(m, c);
    if (progress == PROGRESS_END) {
        drop_request(m, c);
        end_answer(m, c);
    } else if (progress == PROGRESS_LATER) {
        conn_timer(m, c, m->now.ms + 1);
    }
}

// Goes on with the answer to a complete request.
static void go_on(struct midge *m, struct conn *c) {
    struct answer a;
    content_take_up(m, c, &a);
    write_on(&a);
}

// ---- Requests -----------------------------------------------------------------------------------

// Checks what no parameter's own check can; a complaint is in nats-server's words.
static bool check_request(struct answer *a, struct format *complaint) {
    struct monitor_state *s = a->s;
    const char *text;
    int sort;
    switch (s->endpoint - 1) {
    case ENDPOINT_CONNZ:
        text = answer_parameter(a, "sort");
        sort = connz_sort(text);
        if (sort < 0) {
            format_text(complaint, "invalid sorting option: ");
            format_text(complaint, text);
            return false;
        }
        if (connz_sorts_closed(sort) && (s->flags & SHOW_OPEN)) {
            format_text(complaint, "sort by ");
            format_text(complaint, text);
            format_text(complaint, " only valid on closed connections");
            return false;
        }
        s->sort = (uint8_t)sort;
        return true;
    case ENDPOINT_SUBSZ:
        text = answer_parameter(a, "test");
        if (*text == '\0' || subject_literal((const uint8_t *)text, (uint32_t)strlen(text)))
            return true;
        format_text(complaint, "invalid test subject, must be valid publish subject: ");
        format_text(complaint, text);
        return false;
    case ENDPOINT_ACCOUNTZ:
        text = answer_parameter(a, "acc");
        if (*text == '\0')
            return true;
        if (chars_same(text, CONTENT_ACCOUNT)) {
            s->endpoint = 1 + ENDPOINT_ACCOUNT;
            content_take_up(a->m, a->c, a);
            return true;
        }
        format_text(complaint, "Account ");
        format_text(complaint, text);
        format_text(complaint, " does not exist");
        return false;
    default:
        return true;
    }
}

static bool check(struct answer *a, struct format *complaint) {
    struct monitor_state *s = a->s;
    if (!MIDGE_MONITOR_HUB) {
        // What is malformed counts as not there.
        s->flags = parameter_switch(answer_parameter(a, "subs")) == 1 ? SHOW_SUBS : 0;
        return true;
    }
    for (const struct parameter *p = endpoint_parameters[s->endpoint - 1]; p->name != NULL; p++) {
        if (!parameter_check(p, answer_parameter(a, p->name), &s->flags, complaint))
            return false;
    }
    return check_request(a, complaint);
}

// Whether connections are too scarce to keep one that may not be used again.
static bool is_crowded(const struct midge *m) {
    return m->pools[POOL_connections].used > m->pools[POOL_connections].limit / 2;
}

// Four characters as they are read.
#define WORD(a, b, c, d) ((uint32_t)(a) << 24 | (b) << 16 | (c) << 8 | (d))

// Notes whether other requests can follow on the connection: not where the peer says that it will
// close it, takes no chunks (HTTP/1.0), or sends a body. The same letters elsewhere in a request
// cost no more than the connection.
static void watch(struct monitor_state *s, const uint8_t *bytes, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) {
        s->word = s->word << 8 | bytes[i] | 0x20;
        if (s->word == WORD('c', 'l', 'o', 's') || s->word == WORD('/', '1', '.', '0') ||
            s->word == WORD('l', 'e', 'n', 'g') || s->word == WORD('f', 'e', 'r', '-'))
            s->last = true;
    }
}

// A request is complete: answers it, or refuses it.
static void take_request(struct midge *m, struct conn *c) {
    struct monitor_state *s = &c->monitor;
    uint8_t *target = m->blocks[c->monitor.request].bytes;
    struct format text = FORMAT(m->line);
    *s = (struct monitor_state){.first = true,
                                .head_only = s->http.is_head,
                                .last = is_last(c) || is_crowded(m),
                                .request = s->request,
                                .request_bytes = (uint16_t)http_parse(&s->http, target)};
    if (s->request_bytes == 0) {
        s->last = true;
        refuse(m, c, HTTP_BAD_REQUEST, &text);
        return;
    }
    int endpoint = endpoint_find(m->config, (const char *)target);
    if (endpoint < 0) {
        refuse(m, c, HTTP_NOT_FOUND, &text);
        return;
    }
    if (MIDGE_MONITOR_HUB)
        m->http_requests[endpoint]++;
    c->active_us = m->now.us;
    s->endpoint = (uint8_t)(1 + endpoint);
    struct answer a;
    content_take_up(m, c, &a);
    if (!check(&a, &text))
        refuse(m, c, HTTP_BAD_REQUEST, &text);
    else if (endpoint == ENDPOINT_HEALTHZ)
        send_text(m, c, health_check(&a, &text), JSON, &text);
    else
        write_on(&a);
}

// ---- Connections --------------------------------------------------------------------------------

void monitor_greet(struct midge *m, struct conn *c) {
    conn_timer(m, c, m->now.ms + MONITOR_IDLE_MS);
}

uint32_t monitor_rx(struct midge *m, struct conn *c, const uint8_t *bytes, uint32_t n) {
    struct monitor_state *s = &c->monitor;
    if (n == 0) {
        s->ended = true;
        if (s->endpoint == 0)
            conn_close(m, c, MIDGE_PEER_CLOSED, true);
        return 0;
    }
    // While an answer is under way the next request waits; behind the last one all is passed over.
    if (s->endpoint != 0 || c->out.bytes > 0)
        return is_last(c) ? n : 0;
    if (c->monitor.request == 0)
        c->monitor.request = block_take(m, c);
    if (c->monitor.request == 0) {
        conn_close(m, c, MIDGE_SLOW_PENDING, false);
        return n;
    }
    uint32_t before = s->http.head_bytes;
    enum http_status status =
        http_read(&s->http, m->blocks[c->monitor.request].bytes, m->block_room, bytes, n);
    uint32_t used = s->http.head_bytes - before;
    if (MIDGE_MONITOR_HUB)
        watch(s, bytes, used);
    if (status == HTTP_OK) {
        take_request(m, c);
    } else if (status != HTTP_MORE) {
        s->head_only = s->http.is_head;
        s->last = true;
        refuse(m, c, status, &FORMAT(m->line));
    }
    return is_last(c) ? n : used;
}

void monitor_tick(struct midge *m, struct conn *c) {
    if (c->flags & CONN_CLOSING) {
        conn_tick(m, c);
        return;
    }
    if (m->now.ms - c->progress_ms >= MONITOR_IDLE_MS) {
        conn_close(m, c, MIDGE_STALE, false);
        return;
    }
    if (c->monitor.endpoint != 0)
        go_on(m, c);
    conn_timer(m, c, c->progress_ms + MONITOR_IDLE_MS);
}

void monitor_drained(struct midge *m, struct conn *c) {
    if (c->monitor.endpoint != 0)
        go_on(m, c);
    else if (c->out.bytes == 0)
        conn_wish(m, c, MIDGE_WISH_RESUME);
}
