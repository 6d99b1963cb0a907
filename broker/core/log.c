#include "broker/core/log.h"

#include "broker/core/connect.h"
#include "broker/core/midge.h"

// A record in the ring: level, length in two bytes, text.
#define RECORD_BYTES 3

static void ring_write(struct log *log, const uint8_t *from, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) {
        uint32_t at = (log->head + log->bytes + i) % MIDGE_LOG_BYTES;
        log->ring[at] = from[i];
    }
    log->bytes += n;
}

static uint8_t ring_byte(const struct log *log, uint32_t at) {
    return log->ring[(log->head + at) % MIDGE_LOG_BYTES];
}

static uint32_t oldest_bytes(const struct log *log) {
    return (uint32_t)ring_byte(log, 1) << 8 | ring_byte(log, 2);
}

static void drop_oldest(struct log *log) {
    uint32_t n = RECORD_BYTES + oldest_bytes(log);
    log->head = (log->head + n) % MIDGE_LOG_BYTES;
    log->bytes -= n;
}

struct format *log_begin(struct midge *m, int level) {
    m->log.level = (uint8_t)level;
    m->log.line = FORMAT(m->log.text);
    return &m->log.line;
}

static void tell(struct midge *m, struct format *f, const char *prefix, index_t text) {
    if (text == 0)
        return;
    if (f->n > 0)
        format_char(f, ':');
    format_text(f, prefix);
    uint32_t room = f->max - f->n;
    uint32_t n = text_copy(m, text, f->to + f->n, room);
    f->n += n < room ? n : room;
}

static void label(struct midge *m, const struct conn *c, struct format *f) {
    if (c->peer.ip_bytes > 0) {
        format_peer(f, &c->peer);
        format_text(f, " - ");
    }
    format_text(f, "cid:");
    format_u64(f, c->cid);
    format_text(f, " - ");
    // As nats-server labels a client that it let in: "v<version>:<lang>:<name>" with what is
    // missing left out, and "<account>/user:<user>".
    const uint32_t known = CONN_CONNECTED | CONN_ADMITTED;
    if ((c->flags & known) != known)
        return;
    uint8_t text[256];
    struct format told = FORMAT(text);
    tell(m, &told, "v", c->version);
    tell(m, &told, "", c->lang);
    tell(m, &told, "", c->name);
    if (told.n > 0) {
        format_quoted(f, text, told.n);
        format_text(f, " - ");
    }
    if (c->login != 0) {
        told.n = 0;
        if (connect_by_token(m, c))
            format_text(&told, "$G/token");
        else
            tell(m, &told, c->flags & CONN_BY_NKEY ? "$G/nkey:" : "$G/user:", c->login);
        format_quoted(f, text, told.n);
        format_text(f, " - ");
    }
}

struct format *log_conn(struct midge *m, const struct conn *c, int level) {
    struct format *f = log_begin(m, level);
    label(m, c, f);
    return f;
}

void log_end(struct midge *m) {
    struct log *log = &m->log;
    uint32_t n = log->line.n;
    while (log->bytes + RECORD_BYTES + n > MIDGE_LOG_BYTES) {
        drop_oldest(log);
        log->dropped++;
    }
    uint8_t record[RECORD_BYTES] = {log->level, (uint8_t)(n >> 8), (uint8_t)n};
    ring_write(log, record, RECORD_BYTES);
    ring_write(log, log->text, n);
}

void log_text(struct midge *m, int level, const char *text) {
    format_text(log_begin(m, level), text);
    log_end(m);
}

void log_conn_say(struct midge *m, const struct conn *c, int level, const char *sentence, ...) {
    va_list values;
    va_start(values, sentence);
    format_say_these(log_conn(m, c, level), sentence, values);
    va_end(values);
    log_end(m);
}

void midge_note(struct midge *m, enum midge_level level, const char *text) {
    log_text(m, level, text);
}

bool log_crowded(const struct midge *m) {
    return m->log.bytes > MIDGE_LOG_BYTES / 2;
}

uint32_t midge_log(struct midge *m, enum midge_level *level, char *line, uint32_t max) {
    struct log *log = &m->log;
    if (log->dropped > 0) {
        struct format f = {(uint8_t *)line, 0, max};
        format_u64(&f, log->dropped);
        format_text(&f, " log lines dropped");
        log->dropped = 0;
        *level = MIDGE_WRN;
        return f.n;
    }
    if (log->bytes == 0)
        return 0;
    uint32_t n = oldest_bytes(log);
    uint32_t part = n < max ? n : max;
    *level = (enum midge_level)ring_byte(log, 0);
    for (uint32_t i = 0; i < part; i++)
        line[i] = (char)ring_byte(log, RECORD_BYTES + i);
    drop_oldest(log);
    return part;
}
