#include "broker/ops/monitor.h"

#include "broker/core/midge.h"
#include "broker/core/subject.h"
#include "broker/ops/connz.h"
#include "broker/ops/content.h"
#include "broker/ops/endpoint.h"

_Static_assert(ENDPOINT_COUNT <= HTTP_COUNTERS, "each endpoint has a counter");

#define HEAD_END "Connection: close\r\n\r\n"

// ---- Refusals -----------------------------------------------------------------------------------

static const char *status_text(enum http_status status) {
    switch (status) {
    case HTTP_NOT_FOUND:
        return "404 Not Found";
    case HTTP_TARGET_TOO_LONG:
        return "414 URI Too Long";
    case HTTP_HEAD_TOO_LARGE:
        return "431 Request Header Fields Too Large";
    case HTTP_INTERNAL_ERROR:
        return "500 Internal Server Error";
    case HTTP_VERSION_UNKNOWN:
        return "505 HTTP Version Not Supported";
    default:
        return "400 Bad Request";
    }
}

// Begins a refusal in the scratch line; its text follows.
static struct format refusal(struct midge *m, enum http_status status) {
    struct format f = FORMAT(m->line);
    format_text(&f, "HTTP/1.1 ");
    format_text(&f, status_text(status));
    format_text(&f, status == HTTP_INTERNAL_ERROR
                        ? "\r\nContent-Type: application/json\r\n" HEAD_END
                        : "\r\nContent-Type: text/plain; charset=utf-8\r\n" HEAD_END);
    return f;
}

// Sends a refusal, cut to what a connection always has room for; only its head to who asked for
// that.
static void refuse(struct midge *m, struct conn *c, struct format *f, bool head_only) {
    uint32_t most = MIDGE_BLOCKS_GUARANTEED * (m->block_room - OUTQ_RUN_BYTES);
    if (head_only) {
        const uint32_t whole = f->n;
        for (f->n = 4; f->n < whole && memcmp(f->to + f->n - 4, "\r\n\r\n", 4) != 0;)
            f->n++;
    }
    block_give(m, c, c->monitor.request);
    c->monitor.request = 0;
    conn_send(m, c, f->to, f->n < most ? f->n : most);
    conn_close(m, c, MIDGE_PEER_CLOSED, true);
}

static void refuse_status(struct midge *m, struct conn *c, enum http_status status,
                          bool head_only) {
    struct format f = refusal(m, status);
    format_text(&f, status == HTTP_NOT_FOUND ? "404 page not found\n" : status_text(status));
    refuse(m, c, &f, head_only);
}

// ---- Answers ------------------------------------------------------------------------------------

static void take_up(struct midge *m, struct conn *c, struct answer *a) {
    *a = (struct answer){
        .m = m,
        .c = c,
        .request = (const char *)m->blocks[c->monitor.request].bytes,
        .request_bytes = c->monitor.request_bytes,
    };
    content_take_up(a);
}

static void send_head(struct answer *a) {
    const char *type = a->style == STYLE_PLAIN
                           ? "text/html; charset=utf-8\r\n"
                           : "application/json\r\nAccess-Control-Allow-Origin: *\r\n";
    struct format f = FORMAT(a->m->line);
    format_text(&f, "HTTP/1.1 200 OK\r\nContent-Type: ");
    format_text(&f, type);
    format_text(&f, HEAD_END);
    conn_send(a->m, a->c, f.to, f.n);
}

// Writes on at the answer to a complete request.
static void write_on(struct midge *m, struct conn *c) {
    struct monitor_state *s = &c->monitor;
    struct answer a;
    take_up(m, c, &a);
    enum progress progress = PROGRESS_DONE;
    if (!s->begun) {
        progress = content_begin(&a);
        if (progress == PROGRESS_DONE) {
            send_head(&a);
            s->begun = true;
            if (s->head_only)
                progress = PROGRESS_END;
        }
    }
    if (progress == PROGRESS_DONE)
        progress = document_write(&a);
    if (c->out.bytes > 0)
        conn_queued(m, c);
    if (progress == PROGRESS_END)
        conn_close(m, c, MIDGE_PEER_CLOSED, true);
    else if (progress == PROGRESS_LATER)
        timer_need(m, conn_index(m, c), m->now.ms + 1);
}

// ---- Requests -----------------------------------------------------------------------------------

// Checks what no parameter's own check can; a complaint is in nats-server's words.
static bool check_request(struct answer *a, struct format *complaint) {
    struct monitor_state *s = &a->c->monitor;
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
        if (strcmp(text, CONTENT_ACCOUNT) == 0)
            s->endpoint = 1 + ENDPOINT_ACCOUNT;
        if (*text == '\0' || s->endpoint == 1 + ENDPOINT_ACCOUNT)
            return true;
        format_text(complaint, "Account ");
        format_text(complaint, text);
        format_text(complaint, " does not exist");
        return false;
    default:
        return true;
    }
}

static bool check(struct midge *m, struct conn *c, struct format *complaint) {
    struct monitor_state *s = &c->monitor;
    struct answer a;
    take_up(m, c, &a);
    for (const struct parameter *p = endpoints[s->endpoint - 1].parameters; p->name != NULL; p++) {
        if (!parameter_check(p, answer_parameter(&a, p->name), &s->flags, complaint))
            return false;
    }
    return check_request(&a, complaint);
}

// A request is complete: answers it, or refuses it.
static void take_request(struct midge *m, struct conn *c) {
    struct monitor_state *s = &c->monitor;
    bool head_only = http_is_head(&s->http);
    uint8_t *target = m->blocks[c->monitor.request].bytes;
    s->request_bytes = (uint16_t)http_parse(&s->http, target);
    if (s->request_bytes == 0) {
        refuse_status(m, c, HTTP_BAD_REQUEST, head_only);
        return;
    }
    int endpoint = endpoint_find(m->config, (const char *)target);
    if (endpoint < 0) {
        refuse_status(m, c, HTTP_NOT_FOUND, head_only);
        return;
    }
    m->http_requests[endpoint]++;
    c->active_us = m->now.us;
    *s = (struct monitor_state){.endpoint = (uint8_t)(1 + endpoint),
                                .head_only = head_only,
                                .request_bytes = s->request_bytes,
                                .request = s->request};
    s->first = true;
    struct format complaint = refusal(m, HTTP_BAD_REQUEST);
    if (!check(m, c, &complaint)) {
        refuse(m, c, &complaint, head_only);
    } else if (endpoint == ENDPOINT_HEALTHZ && m->lame_duck) {
        // Who spreads clients over hubs must not send more of them to this one.
        complaint = refusal(m, HTTP_INTERNAL_ERROR);
        format_text(&complaint, "{\"status\":\"error\",\"error\":\"failed to be ready for "
                                "connections after 1ms: server\"}");
        refuse(m, c, &complaint, head_only);
    } else {
        write_on(m, c);
    }
}

// ---- Connections --------------------------------------------------------------------------------

void monitor_greet(struct midge *m, struct conn *c) {
    timer_need(m, conn_index(m, c), m->now.ms + MONITOR_IDLE_MS);
}

uint32_t monitor_rx(struct midge *m, struct conn *c, const uint8_t *bytes, uint32_t n) {
    struct monitor_state *s = &c->monitor;
    // What follows a request is passed over.
    if (s->endpoint != 0)
        return n;
    if (c->monitor.request == 0)
        c->monitor.request = block_take(m, c);
    if (c->monitor.request == 0) {
        conn_close(m, c, MIDGE_SLOW_PENDING, false);
        return n;
    }
    enum http_status status =
        http_read(&s->http, m->blocks[c->monitor.request].bytes, m->block_room, bytes, n);
    if (status == HTTP_OK)
        take_request(m, c);
    else if (status != HTTP_MORE)
        refuse_status(m, c, status, http_is_head(&s->http));
    return n;
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
        write_on(m, c);
    timer_need(m, conn_index(m, c), c->progress_ms + MONITOR_IDLE_MS);
}

void monitor_drained(struct midge *m, struct conn *c) {
    if (c->monitor.endpoint != 0)
        write_on(m, c);
}
