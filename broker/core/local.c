#include "broker/core/local.h"

#include "broker/core/args.h"
#include "broker/core/deliver.h"
#include "broker/core/midge.h"
#include "broker/core/subject.h"

#define MESSAGES_PER_TURN 64

static struct conn *local_of(struct midge *m) {
    if (m->local == 0) {
        m->local = conn_open(m, MIDGE_LOCAL, NULL);
        if (m->local == 0)
            return NULL;
        m->connections[m->local].flags |=
            CONN_CONNECTED | CONN_ADMITTED | CONN_ECHO | CONN_HEADERS | CONN_TURN;
    }
    return &m->connections[m->local];
}

// The handler with that id, which is also its sid; ids are not used again. NULL where it is gone.
static struct handler *handler_of(struct midge *m, int32_t id) {
    struct handler *handler = &m->handlers[(uint32_t)id % MIDGE_HANDLERS_MAX];
    return id > 0 && handler->id == id ? handler : NULL;
}

// ---- Receiving ----------------------------------------------------------------------------------

// Gathers the control line at the head of the queue into the scratch line. Answers its length
// without the line end.
static uint32_t gather_line(struct midge *m, const struct conn *c) {
    uint32_t n = 0;
    while (n < sizeof m->line) {
        struct midge_span v;
        if (outq_spans(m, c, n, &v, 1) == 0)
            break;
        const uint8_t *lf = memchr(v.bytes, '\n', v.n);
        uint32_t part = lf != NULL ? (uint32_t)(lf - v.bytes) : v.n;
        if (part > sizeof m->line - n)
            part = (uint32_t)sizeof m->line - n;
        memcpy(m->line + n, v.bytes, part);
        n += part;
        if (lf != NULL)
            break;
    }
    return n > 0 && m->line[n - 1] == '\r' ? n - 1 : n;
}

// Hands the message at the head of the queue to its handler, and drops it.
static void hand_over(struct midge *m, struct conn *c) {
    uint32_t line = gather_line(m, c);
    struct word words[WORDS_MAX];
    uint32_t count = args_split(m->line, line, words);
    // MSG subject sid [reply] size, or HMSG with the header's size before it.
    bool header = m->line[0] == 'H';
    struct midge_message message = {.midge = m,
                                    .skip = line + 2,
                                    .subject = (const char *)words[1].bytes,
                                    .subject_bytes = words[1].n};
    if (count == 5u + header) {
        message.reply = (const char *)words[3].bytes;
        message.reply_bytes = words[3].n;
    }
    message.payload_bytes = (uint32_t)args_size(words[count - 1]);
    message.header_bytes = header ? (uint32_t)args_size(words[count - 2]) : 0;
    // A message may have waited here for longer than the handler that it is for has existed.
    struct handler *handler = handler_of(m, args_size(words[2]));
    if (handler != NULL)
        handler->call(handler->context, &message);
    conn_sent(m, c, line + 2 + message.payload_bytes + 2);
}

bool local_turn(struct midge *m) {
    if (m->local == 0)
        return false;
    struct conn *c = &m->connections[m->local];
    for (uint32_t i = 0; i < MESSAGES_PER_TURN && c->out.bytes > 0; i++)
        hand_over(m, c);
    return c->out.bytes > 0;
}

const uint8_t *midge_payload(const struct midge_message *message, uint32_t offset, uint32_t *n) {
    const struct midge *m = message->midge;
    struct midge_span v;
    if (offset >= message->payload_bytes ||
        outq_spans(m, &m->connections[m->local], message->skip + offset, &v, 1) == 0) {
        *n = 0;
        return NULL;
    }
    uint32_t left = message->payload_bytes - offset;
    *n = v.n < left ? v.n : left;
    return v.bytes;
}

// ---- Asking -------------------------------------------------------------------------------------

// Whether a text has nothing in it that would end a word of the protocol, or the line.
static bool is_word(const char *text) {
    while ((uint8_t)*text > ' ')
        text++;
    return *text == '\0';
}

int32_t midge_publish(struct midge *m, const char *subject, const char *reply, const void *payload,
                      uint32_t payload_bytes) {
    struct conn *c = local_of(m);
    uint32_t n = (uint32_t)strlen(subject);
    uint32_t reply_n = reply != NULL ? (uint32_t)strlen(reply) : 0;
    if (c == NULL)
        return MIDGE_ERR_FULL;
    if (!subject_literal((const uint8_t *)subject, n) || !is_word(subject) ||
        (reply_n > 0 && !is_word(reply)) || payload_bytes > m->config->max_payload ||
        n + reply_n + 16 > MIDGE_CONTROL_LINE_MAX)
        return MIDGE_ERR_INVALID;
    struct format rest = {m->rest, 0, sizeof m->rest};
    if (reply_n > 0) {
        format_bytes(&rest, reply, reply_n);
        format_char(&rest, ' ');
    }
    format_u64(&rest, payload_bytes);
    format_text(&rest, "\r\n");
    struct publication p = {.subject = (const uint8_t *)subject,
                            .subject_bytes = n,
                            .reply = (const uint8_t *)reply,
                            .reply_bytes = reply_n,
                            .rest = rest.to,
                            .rest_bytes = rest.n,
                            .bytes = payload_bytes,
                            .payload = payload != NULL ? payload : "",
                            .no_line_end = true};
    if (deliver(m, c, &p, match(m, m->root, p.subject, n)) == DELIVER_STALL) {
        // The application tries again by itself.
        c->flags &= ~(uint32_t)CONN_STALLED;
        return MIDGE_ERR_FULL;
    }
    c->in_msgs++;
    c->in_bytes += payload_bytes;
    m->in_msgs++;
    m->in_bytes += payload_bytes;
    return 0;
}

int32_t midge_subscribe(struct midge *m, const char *subject, const char *queue,
                        midge_handler handler, void *context) {
    struct conn *c = local_of(m);
    int32_t id = m->last_handler;
    uint32_t tries = MIDGE_HANDLERS_MAX;
    do
        id = id < INT32_MAX ? id + 1 : 1;
    while (m->handlers[(uint32_t)id % MIDGE_HANDLERS_MAX].id != 0 && --tries > 0);
    if (c == NULL || tries == 0)
        return MIDGE_ERR_FULL;
    uint32_t n = (uint32_t)strlen(subject);
    if (handler == NULL || !subject_valid((const uint8_t *)subject, n) || !is_word(subject) ||
        (queue != NULL && !is_word(queue)))
        return MIDGE_ERR_INVALID;
    uint8_t sid[20];
    struct sub_wish wish = {.root = m->root,
                            .owner = m->local,
                            .subject = (const uint8_t *)subject,
                            .subject_bytes = n,
                            .queue = (const uint8_t *)queue,
                            .queue_bytes = queue != NULL ? (uint32_t)strlen(queue) : 0,
                            .sid = sid,
                            .sid_bytes = format_decimal(sid, (uint32_t)id)};
    index_t sub = subs_insert(m, &wish);
    if (sub == 0)
        return MIDGE_ERR_FULL;
    m->handlers[(uint32_t)id % MIDGE_HANDLERS_MAX] = (struct handler){handler, context, id, sub};
    m->last_handler = id;
    return id;
}

void midge_unsubscribe(struct midge *m, int32_t id) {
    struct handler *handler = handler_of(m, id);
    if (handler == NULL)
        return;
    subs_remove(m, handler->sub);
    *handler = (struct handler){0};
}
