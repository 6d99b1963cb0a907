#include "broker/ops/document.h"

#include "broker/core/divide.h"
#include "broker/core/midge.h"
#include "broker/ops/moment.h"
#include "broker/ops/names.h"

// A step's bytes at most: the longest name, indented, with the longest value that is no text; or a
// stretch of text. One block, however small, takes it as a chunk.
#define STEP_BYTES 100

// A chunk: its size, four digits and a line end; its bytes; a line end. The last one is empty.
#define CHUNK_LEAD 6
#define CHUNK_END "\r\n"
#define LAST_CHUNK "0\r\n\r\n"
#define CHUNK_BYTES (CHUNK_LEAD + sizeof CHUNK_END - 1 + sizeof LAST_CHUNK - 1)

// What one turn may do for all requests together: rows written and elements looked at.
#define TURN_STEPS 8192

// ---- The cursor ---------------------------------------------------------------------------------

static const struct row *row_of(const struct answer *a) {
    return &a->document.rows[a->s->row];
}

static void next_row(struct answer *a) {
    struct monitor_state *s = a->s;
    s->name += (uint16_t)(strlen(a->document.names + s->name) + 1);
    s->row++;
}

static void go_to(struct answer *a, uint8_t row) {
    a->s->row = 0;
    a->s->name = 0;
    while (a->s->row < row)
        next_row(a);
}

// Goes behind the list that begins here.
static void skip_list(struct answer *a) {
    uint32_t nested = 0;
    do {
        uint8_t type = row_of(a)->type;
        if (type == LIST || type == MAP)
            nested++;
        else if (type == NEXT)
            nested--;
        next_row(a);
    } while (nested > 0);
}

// ---- Structure ----------------------------------------------------------------------------------

// What JSON puts around values.
static void mark(struct answer *a, char c) {
    if (!answer_is_plain(a))
        format_char(&a->out, c);
}

static void new_line(struct answer *a) {
    format_char(&a->out, '\n');
    for (uint32_t i = 0; i < a->s->depth; i++)
        format_text(&a->out, "  ");
}

// What comes before a value: a comma behind the last one, a line of its own, its name.
static void lead_in(struct answer *a) {
    struct monitor_state *s = a->s;
    if (answer_is_plain(a))
        return;
    if (!s->first)
        format_char(&a->out, ',');
    s->first = false;
    if (s->depth > 0)
        new_line(a);
    const char *name = a->document.names + s->name;
    if (*name == '\0')
        name = a->name;
    if (name == NULL)
        return;
    format_char(&a->out, '"');
    format_text(&a->out, name);
    format_text(&a->out, "\": ");
}

static void open(struct answer *a, char bracket) {
    lead_in(a);
    mark(a, bracket);
    a->s->depth++;
    a->s->first = true;
}

static void close(struct answer *a, char bracket) {
    struct monitor_state *s = a->s;
    s->depth--;
    if (!s->first && !answer_is_plain(a))
        new_line(a);
    mark(a, bracket);
    s->first = false;
}

// Begins a list, or goes on with it: to its next element, or behind its end.
static enum progress write_list(struct answer *a, const struct row *row) {
    struct monitor_state *s = a->s;
    bool map = row->type == MAP;
    bool inside = s->loops > 0 && s->loop[s->loops - 1] == s->row;
    enum progress progress = row->at == 0 ? PROGRESS_END : content_next(a, row->at, false);
    if (progress == PROGRESS_LATER)
        return progress;
    bool shown = progress == PROGRESS_DONE || !(row->base & OMIT);
    if (!inside && shown)
        open(a, map ? '{' : '[');
    if (progress == PROGRESS_DONE) {
        if (!inside)
            s->loop[s->loops++] = s->row;
        next_row(a);
        return progress;
    }
    if (inside || shown)
        close(a, map ? '}' : ']');
    s->loops -= inside;
    skip_list(a);
    return PROGRESS_DONE;
}

// ---- Numbers ------------------------------------------------------------------------------------

static uint64_t number(struct answer *a, const struct row *row) {
    uint32_t bytes = row->base >> 4;
    const uint8_t *base = a->bases[row->base & BASE_MASK];
    uint64_t v = 0;
    uint8_t *to = (uint8_t *)&v;
    if (bytes == 0)
        return content_count(a, row->at);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    to += sizeof v - bytes;
#endif
    if (base != NULL)
        memcpy(to, base + row->at, bytes);
    return v;
}

// Whole seconds, with the units up to years, as nats-server writes an uptime.
static void write_age(struct format *f, uint64_t us) {
    static const struct {
        char unit;
        uint32_t seconds;
    } units[] = {{'y', 365 * 86400}, {'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};
    uint64_t left = us / 1000000;
    bool begun = false;
    for (uint32_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        begun = begun || left >= units[i].seconds || units[i].unit == 's';
        if (!begun)
            continue;
        format_u64(f, left / units[i].seconds);
        format_char(f, units[i].unit);
        left %= units[i].seconds;
    }
}

static void write_fraction(struct answer *a, uint32_t type, uint64_t v) {
    uint32_t digits = type == SECONDS ? 3 : type == PERCENT ? 1 : 6;
    format_fraction(&a->out, v, digits);
}

static uint64_t whole_seconds(uint64_t us) {
    uint64_t seconds = us;
    divide(&seconds, 1000);
    divide(&seconds, 1000);
    return seconds * 1000000;
}

static void write_time(struct answer *a, uint32_t type, uint64_t us) {
    uint64_t until = a->told.stopped_us != 0 ? a->told.stopped_us : a->m->now.us;
    uint64_t age = until > us ? until - us : 0;
    format_char(&a->out, '"');
    if (type == ROUND)
        format_duration(&a->out, us);
    else if (type == AGE && MIDGE_MONITOR_HUB)
        write_age(&a->out, age);
    else if (type == AGE)
        format_duration(&a->out, whole_seconds(age));
    else if (MIDGE_MONITOR_HUB)
        moment_format(&a->out, type == MOMENT ? moment_wall(a->m, us) : us);
    format_char(&a->out, '"');
}

static void write_number(struct answer *a, const struct row *row) {
    uint64_t v = number(a, row);
    if (v != 0 || !(row->base & OMIT)) {
        lead_in(a);
        switch (row->type) {
        case PLAIN:
        case COUNTED:
            format_u64(&a->out, v);
            break;
        case TRUTH:
            format_text(&a->out, v != 0 ? "true" : "false");
            break;
        case NANOS:
            format_u64(&a->out, v * 1000000);
            break;
        case SECONDS:
        case PERCENT:
        case RATIO:
            if (MIDGE_MONITOR_HUB)
                write_fraction(a, row->type, v);
            break;
        default:
            write_time(a, row->type, v);
        }
    }
    next_row(a);
}

// ---- Text ---------------------------------------------------------------------------------------

// Puts a text into midge's line, as far as there is room, and answers how much that is.
static uint32_t take_text(struct answer *a, const struct row *row) {
    struct format f = FORMAT(a->m->line);
    uint32_t n;
    switch (row->type) {
    case WORDS:
        n = content_words(a, row->at);
        break;
    case INTERNED:
        n = text_copy(a->m, (index_t)number(a, row), f.to, f.max);
        break;
    case SETTING:
        if (MIDGE_MONITOR_HUB)
            format_text(&f, midge_config_text(a->m->config, (midge_text)number(a, row)));
        n = f.n;
        break;
    default:  // an array, in what is never gone: nothing is added to a base that may be NULL
        format_text(&f, (const char *)a->bases[row->base & BASE_MASK] + row->at);
        n = f.n;
    }
    return n < f.max ? n : f.max;
}

// One step of a text: what leads in to it; then, while `text` is 1 + the bytes shown, a stretch.
static void write_text(struct answer *a, const struct row *row) {
    struct monitor_state *s = a->s;
    const uint8_t *text = a->m->line;
    uint32_t n = take_text(a, row);
    if (s->text == 0) {
        if (n == 0 && (row->base & OMIT)) {
            next_row(a);
            return;
        }
        lead_in(a);
        mark(a, '"');
        s->text = 1;
        return;
    }
    uint32_t done = s->text - 1 < n ? s->text - 1 : n;
    struct format f = {a->out.to + a->out.n, 0, STEP_BYTES - 1};
    if (answer_is_plain(a))
        format_bytes(&f, text + done, n - done);
    done += answer_is_plain(a) ? f.n : format_escaped(&f, text + done, n - done);
    a->out.n += f.n;
    s->text = 1 + done;
    if (done == n) {
        mark(a, '"');
        s->text = 0;
        next_row(a);
    }
}

// ---- Writing on ---------------------------------------------------------------------------------

static enum progress step(struct answer *a) {
    struct monitor_state *s = a->s;
    const struct row *row = row_of(a);
    switch (row->type) {
    case OBJECT:
        open(a, '{');
        next_row(a);
        break;
    case END:
        close(a, '}');
        next_row(a);
        return s->depth == 0 ? PROGRESS_END : PROGRESS_DONE;
    case LIST:
    case MAP:
        return write_list(a, row);
    case NEXT:
        go_to(a, s->loop[s->loops - 1]);
        break;
    default:
        if (row->type < PLAIN)
            write_text(a, row);
        else
            write_number(a, row);
    }
    return PROGRESS_DONE;
}

const char *answer_parameter(const struct answer *a, const char *name) {
    return http_parameter(a->request, a->request_bytes, name);
}

bool document_work(struct midge *m, uint32_t steps) {
    // Where documents are short, the peer's pace is bound enough.
    if (!MIDGE_MONITOR_HUB)
        return true;
    if (m->monitor_turn_us != m->now.us) {
        m->monitor_turn_us = m->now.us;
        m->monitor_steps = 0;
    }
    if (m->monitor_steps >= TURN_STEPS)
        return false;
    m->monitor_steps += steps;
    return true;
}

enum progress document_write(struct answer *a, uint32_t reserved) {
    struct midge *m = a->m;
    struct conn *c = a->c;
    for (uint32_t i = 0; i < a->s->loops; i++)
        content_next(a, a->document.rows[a->s->loop[i]].at, true);
    a->out = (struct format){m->rest + CHUNK_LEAD, 0, sizeof m->rest - CHUNK_BYTES};
    reserved += STEP_BYTES + CHUNK_BYTES;
    enum progress progress = PROGRESS_DONE;
    while (progress == PROGRESS_DONE && a->out.n + STEP_BYTES <= a->out.max &&
           c->out.bytes + a->out.n < m->block_room &&
           outq_blocks_for(m, c, a->out.n + reserved, 0) <= block_available(m, c))
        progress = document_work(m, 1) ? step(a) : PROGRESS_LATER;
    return progress;
}

// Puts four hexadecimal digits and the line end before what was written, and the ends behind.
static void make_chunk(struct format *f, bool end) {
    uint32_t n = f->n;
    f->max += CHUNK_BYTES;
    if (n > 0) {
        f->to -= CHUNK_LEAD;
        f->n += CHUNK_LEAD;
        for (uint32_t i = 0; i < 4; i++)
            f->to[i] = (uint8_t) "0123456789abcdef"[n >> (12 - 4 * i) & 15];
        memcpy(f->to + 4, CHUNK_END, 2);
        format_text(f, CHUNK_END);
    }
    if (end)
        format_text(f, LAST_CHUNK);
}

void document_send(struct answer *a, bool chunked, bool end) {
    if (chunked)
        make_chunk(&a->out, end);
    // Room was made sure of, so that this is the rarest of cases: the answer ends here.
    if (!outq_append(a->m, a->c, a->out.to, a->out.n))
        conn_close(a->m, a->c, MIDGE_SLOW_PENDING, false);
}
