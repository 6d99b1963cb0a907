#include "broker/core/trace.h"

#include "broker/core/connect.h"
#include "broker/core/deliver.h"
#include "broker/core/json.h"
#include "broker/core/log.h"
#include "broker/core/midge.h"

static struct format *begin(struct midge *m, const struct conn *c, const char *arrow,
                            const char *verb) {
    struct format *f = log_conn(m, c, MIDGE_TRC);
    format_text(f, arrow);
    format_text(f, " [");
    format_text(f, verb);
    return f;
}

static void end(struct midge *m, struct format *f) {
    format_char(f, ']');
    log_end(m);
}

// Nobody writes an escape in a key, but who did could hide a secret so.
static bool is_secret(const struct json_piece *key) {
    return connect_secret(key) || memchr(key->bytes, '\\', key->n) != NULL;
}

// A CONNECT without its secrets; nothing of one that is no JSON.
static void redact(struct format *f, const uint8_t *args, uint32_t n) {
    struct json j = {.at = args, .end = args + n};
    struct json_piece key = {JSON_BAD, NULL, 0};
    struct json_piece value;
    const uint8_t *from = args;
    if (!json_enter(&j))
        return;
    while (json_member(&j, &key, &value)) {
        if (!is_secret(&key))
            continue;
        format_bytes(f, from, (uint32_t)(value.bytes - from));
        format_text(f, "[REDACTED]");
        from = value.bytes + value.n;
    }
    if (!j.bad)
        format_bytes(f, from, (uint32_t)(args + n - from));
}

void trace_in(struct midge *m, const struct conn *c, const char *verb, const uint8_t *args,
              uint32_t n) {
    struct format *f = begin(m, c, "<<-", verb);
    if (n > 0) {
        format_char(f, ' ');
        if (verb[0] == 'C')
            redact(f, args, n);
        else
            format_bytes(f, args, n);
    }
    end(m, f);
}

void trace_out(struct midge *m, const struct conn *c, const char *verb, const void *text,
               uint32_t n) {
    if (!tracing(m))
        return;
    struct format *f = begin(m, c, "->>", verb);
    if (n > 0) {
        format_char(f, ' ');
        format_bytes(f, text, n);
    }
    end(m, f);
}

// Of a payload in blocks, what lies in the first is shown.
static void payload(struct midge *m, const struct conn *c, const char *arrow,
                    const struct publication *p, index_t chain, uint32_t offset, uint32_t skip) {
    uint32_t n = p->bytes - skip;
    if (m->config->trace_headers)
        n = p->header_bytes >= skip + 2 ? p->header_bytes - 2 : 0;
    if (n == 0)
        return;
    const uint8_t *from = p->payload;
    uint32_t most = n;
    if (from == NULL) {
        from = m->blocks[chain].bytes + offset;
        uint32_t room = m->block_room > offset + skip ? m->block_room - offset - skip : 0;
        most = n < room ? n : room;
    }
    uint32_t limit = m->config->max_traced_msg_len;
    bool cut = limit > 0 && n > limit;
    struct format *f = begin(m, c, arrow, "");
    f->n--;
    format_text(f, "MSG_PAYLOAD: [");
    format_quoted(f, from + skip, cut && limit < most ? limit : most);
    if (cut) {
        f->n--;
        format_text(f, "...\"");
    }
    end(m, f);
}

void trace_payload(struct midge *m, const struct conn *c, const struct publication *p) {
    payload(m, c, "<<-", p, p->chain, p->offset, 0);
}

static void put_sid(struct midge *m, struct format *f, index_t sub) {
    uint8_t sid[64];
    uint32_t n = subs_sid(m, sub, sid, sizeof sid);
    format_bytes(f, sid, n < sizeof sid ? n : (uint32_t)sizeof sid);
}

void trace_delivery(struct midge *m, const struct conn *c, index_t sub, const struct publication *p,
                    index_t chain, uint32_t offset) {
    bool header = p->header_bytes > 0;
    bool strip = header && !(c->flags & CONN_HEADERS);
    struct format *f = begin(m, c, "->>", header && !strip ? "HMSG " : "MSG ");
    format_bytes(f, p->subject, p->subject_bytes);
    format_char(f, ' ');
    put_sid(m, f, sub);
    format_char(f, ' ');
    if (strip) {
        if (p->reply_bytes > 0) {
            format_bytes(f, p->reply, p->reply_bytes);
            format_char(f, ' ');
        }
        format_u64(f, p->bytes - p->header_bytes);
    } else {
        format_bytes(f, p->rest, p->rest_bytes - 2);
    }
    end(m, f);
    payload(m, c, "->>", p, chain, offset, strip ? p->header_bytes : 0);
}

void trace_unsubscribe(struct midge *m, const struct conn *c, index_t sub) {
    struct format *f = begin(m, c, "<->", "DELSUB ");
    put_sid(m, f, sub);
    end(m, f);
}
