#include "broker/ops/document.h"

#include "broker/core/midge.h"
#include "broker/ops/moment.h"

// A step's bytes at most: the longest name, indented, with the longest value that is no text; or a
// stretch of text of which every byte is escaped. One block, however small, takes it as a chunk.
#define STEP_BYTES 100
#define TEXT_STRETCH 16

// A chunk: its size, four digits and a line end; its bytes; a line end. The last one is empty.
#define CHUNK_LEAD 6
#define CHUNK_END "\r\n"
#define LAST_CHUNK "0\r\n\r\n"
#define CHUNK_BYTES (CHUNK_LEAD + sizeof CHUNK_END - 1 + sizeof LAST_CHUNK - 1)

// What one turn may do for all requests together: rows written and elements looked at.
#define TURN_STEPS 8192

// ---- Structure ----------------------------------------------------------------------------------

static void new_line(struct answer *a) {
    format_char(&a->out, '\n');
    for (uint32_t i = 0; i < a->c->monitor.depth; i++)
        format_text(&a->out, "  ");
}

// What comes before a value: a comma behind the last one, a line of its own, its name.
static void lead_in(struct answer *a, const struct field *row) {
    struct monitor_state *s = &a->c->monitor;
    if (a->style == STYLE_PLAIN)
        return;
    if (!s->first)
        format_char(&a->out, ',');
    s->first = false;
    if (s->depth > 0)
        new_line(a);
    const char *name = row->name;
    if (name == NULL && s->loops > 0 && a->fields[s->loop[s->loops - 1]].type == MAP &&
        s->row == s->loop[s->loops - 1] + 1)
        name = a->name;
    if (name == NULL)
        return;
    format_json(&a->out, name, (uint32_t)strlen(name));
    format_text(&a->out, ": ");
}

static void open(struct answer *a, const struct field *row, char bracket) {
    lead_in(a, row);
    if (a->style != STYLE_PLAIN)
        format_char(&a->out, bracket);
    a->c->monitor.depth++;
    a->c->monitor.first = true;
}

static void close(struct answer *a, char bracket) {
    struct monitor_state *s = &a->c->monitor;
    s->depth--;
    if (a->style != STYLE_PLAIN) {
        if (!s->first)
            new_line(a);
        format_char(&a->out, bracket);
    }
    s->first = false;
}

// The row of a list's NEXT.
static uint8_t end_of(const struct answer *a, uint8_t row) {
    for (uint32_t nested = 0;;) {
        uint8_t type = a->fields[++row].type & (uint8_t)~OMIT;
        if (type == LIST || type == MAP)
            nested++;
        else if (type == NEXT && nested-- == 0)
            return row;
    }
}

static enum progress enter(struct answer *a, const struct field *row) {
    struct monitor_state *s = &a->c->monitor;
    bool map = (row->type & ~OMIT) == MAP;
    enum progress progress = row->at == 0 ? PROGRESS_END : content_next(a, row->at, false);
    if (progress == PROGRESS_LATER)
        return progress;
    if (progress == PROGRESS_END && (row->type & OMIT)) {
        s->row = end_of(a, s->row) + 1;
        return PROGRESS_DONE;
    }
    open(a, row, map ? '{' : '[');
    if (progress == PROGRESS_END) {
        close(a, map ? '}' : ']');
        s->row = end_of(a, s->row) + 1;
    } else {
        s->loop[s->loops++] = s->row++;
    }
    return PROGRESS_DONE;
}

static enum progress again(struct answer *a) {
    struct monitor_state *s = &a->c->monitor;
    const struct field *row = &a->fields[s->loop[s->loops - 1]];
    enum progress progress = content_next(a, row->at, false);
    if (progress == PROGRESS_DONE)
        s->row = s->loop[s->loops - 1] + 1;
    if (progress == PROGRESS_END) {
        close(a, (row->type & ~OMIT) == MAP ? '}' : ']');
        s->loops--;
        s->row++;
        progress = PROGRESS_DONE;
    }
    return progress;
}

// ---- Values -------------------------------------------------------------------------------------

static const uint8_t *place_of(const struct answer *a, const struct field *row) {
    static const uint64_t zero = 0;
    const uint8_t *base = a->bases[row->base];
    return base != NULL ? base + row->at : (const uint8_t *)&zero;
}

static uint64_t number(const struct answer *a, const struct field *row) {
    const uint8_t *p = place_of(a, row);
    uint64_t u64;
    uint32_t u32;
    uint16_t u16;
    switch (row->type & ~OMIT) {
    case CONSTANT:
        return row->at;
    case U64:
    case AGE:
    case MOMENT:
    case WALL:
        memcpy(&u64, p, sizeof u64);
        return u64;
    case TRUTH:
    case U8:
        return *p;
    case U16:
        memcpy(&u16, p, sizeof u16);
        return u16;
    default:
        memcpy(&u32, p, sizeof u32);
        return u32;
    }
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

static void write_number(struct answer *a, const struct field *row, uint64_t v) {
    struct format *f = &a->out;
    switch (row->type & ~OMIT) {
    case TRUTH:
        format_text(f, v != 0 ? "true" : "false");
        break;
    case NANOS:
        format_u64(f, v * 1000000);
        break;
    case SECONDS:
        format_fraction(f, v, 3);
        break;
    case PERCENT:
        format_fraction(f, v, 1);
        break;
    case SPECIAL:
        content_special(a, row->at, f);
        break;
    default:
        format_u64(f, v);
    }
}

static void write_quoted(struct answer *a, const struct field *row, uint64_t v) {
    struct format *f = &a->out;
    const struct midge_now *now = &a->m->now;
    uint64_t until =
        row->base == BASE_FACTS && a->facts.stopped_us != 0 ? a->facts.stopped_us : now->us;
    format_char(f, '"');
    switch (row->type & ~OMIT) {
    case AGE:
        write_age(f, until > v ? until - v : 0);
        break;
    case ROUND:
        format_duration(f, v);
        break;
    case MOMENT:
        moment_format(f, moment_wall(a->m, v));
        break;
    default:
        moment_format(f, v);
    }
    format_char(f, '"');
}

static void write_value(struct answer *a, const struct field *row) {
    uint64_t v = number(a, row);
    if (v != 0 || !(row->type & OMIT)) {
        lead_in(a, row);
        if ((row->type & ~OMIT) >= AGE)
            write_quoted(a, row, v);
        else
            write_number(a, row, v);
    }
    a->c->monitor.row++;
}

// ---- Text ---------------------------------------------------------------------------------------

static uint32_t text_of(struct answer *a, const struct field *row, const uint8_t **bytes) {
    const uint8_t *p = place_of(a, row);
    const char *text;
    switch (row->type & ~OMIT) {
    case LITERAL:
        text = row->name + strlen(row->name) + 1;
        break;
    case CHARACTERS:
        text = (const char *)p;
        break;
    case POINTER:
        memcpy(&text, p, sizeof text);
        if (text == NULL)
            text = "";
        break;
    case SETTING: {
        midge_text setting;
        memcpy(&setting, p, sizeof setting);
        text = midge_config_text(a->m->config, setting);
        break;
    }
    case INTERNED: {
        index_t interned;
        memcpy(&interned, p, sizeof interned);
        *bytes = a->m->line;
        uint32_t n = text_copy(a->m, interned, a->m->line, sizeof a->m->line);
        return n < sizeof a->m->line ? n : (uint32_t)sizeof a->m->line;
    }
    default:
        return content_words(a, row->at, bytes);
    }
    *bytes = (const uint8_t *)text;
    return (uint32_t)strlen(text);
}

// Bytes to take of n, at most TEXT_STRETCH, without cutting a UTF-8 sequence in two.
static uint32_t stretch(const uint8_t *p, uint32_t n) {
    if (n <= TEXT_STRETCH)
        return n;
    for (uint32_t back = 1; back <= 3; back++) {
        uint8_t b = p[TEXT_STRETCH - back];
        if ((b & 0xc0) == 0x80)
            continue;
        uint32_t sequence = b >= 0xf0 ? 4 : b >= 0xe0 ? 3 : b >= 0xc0 ? 2 : 1;
        return sequence > back ? TEXT_STRETCH - back : TEXT_STRETCH;
    }
    return TEXT_STRETCH;
}

// One step of a text: what leads in to it; then, while `text` is 1 + the bytes shown, a stretch.
static void write_text(struct answer *a, const struct field *row) {
    struct monitor_state *s = &a->c->monitor;
    const uint8_t *text;
    uint32_t n = text_of(a, row, &text);
    if (s->text == 0) {
        if (n == 0 && (row->type & OMIT)) {
            s->row++;
            return;
        }
        lead_in(a, row);
        if (a->style != STYLE_PLAIN)
            format_char(&a->out, '"');
        s->text = 1;
        return;
    }
    uint32_t done = s->text - 1 < n ? s->text - 1 : n;
    uint32_t part = stretch(text + done, n - done);
    if (a->style == STYLE_PLAIN) {
        format_bytes(&a->out, text + done, part);
    } else {
        // The quotes around each stretch are left out but for the last one.
        uint8_t bytes[TEXT_STRETCH * 6 + 2];
        struct format f = FORMAT(bytes);
        format_json(&f, text + done, part);
        format_bytes(&a->out, bytes + 1, done + part == n ? f.n - 1 : f.n - 2);
    }
    s->text += part;
    if (done + part == n) {
        s->text = 0;
        s->row++;
    }
}

// ---- Writing on ---------------------------------------------------------------------------------

static enum progress step(struct answer *a) {
    struct monitor_state *s = &a->c->monitor;
    const struct field *row = &a->fields[s->row];
    switch (row->type & ~OMIT) {
    case OBJECT:
        open(a, row, '{');
        s->row++;
        return PROGRESS_DONE;
    case END:
        close(a, '}');
        s->row++;
        return s->depth == 0 ? PROGRESS_END : PROGRESS_DONE;
    case LIST:
    case MAP:
        return enter(a, row);
    case NEXT:
        return again(a);
    case LITERAL:
    case CHARACTERS:
    case POINTER:
    case SETTING:
    case INTERNED:
    case WORDS:
        write_text(a, row);
        return PROGRESS_DONE;
    default:
        write_value(a, row);
        return PROGRESS_DONE;
    }
}

bool document_work(struct midge *m, uint32_t steps) {
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
    for (uint32_t i = 0; i < c->monitor.loops; i++)
        content_next(a, a->fields[c->monitor.loop[i]].at, true);
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
