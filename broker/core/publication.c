#include "broker/core/publication.h"

#include "broker/core/args.h"
#include "broker/core/client.h"
#include "broker/core/log.h"
#include "broker/core/midge.h"
#include "broker/core/permission.h"
#include "broker/core/response.h"
#include "broker/core/subject.h"
#include "broker/core/trace.h"

// Points at what follows the sid in the MSG line. As clients write it, it lies in the line as it
// must be sent; with other blanks or line ends it is put together in the scratch line.
static void set_rest(struct midge *m, struct publication *p, const uint8_t *args, uint32_t n,
                     const struct word *words, uint32_t count) {
    const uint8_t *end = args + n;
    uint32_t tight = 0;
    for (uint32_t i = 1; i < count; i++)
        tight += words[i].n + 1;
    p->rest = words[1].bytes;
    p->rest_bytes = tight + 1;
    const struct word *last = &words[count - 1];
    if (last->bytes + last->n == end && p->rest + tight - 1 == end && end[0] == '\r' &&
        end[1] == '\n' && (count < 3 || memchr(p->rest, '\t', tight - 1) == NULL))
        return;
    uint8_t *to = m->rest;
    for (uint32_t i = 1; i < count; i++) {
        memcpy(to, words[i].bytes, words[i].n);
        to += words[i].n;
        *to++ = ' ';
    }
    memcpy(to - 1, "\r\n", 2);
    p->rest = m->rest;
}

bool publication_announce(struct midge *m, struct conn *c, bool hpub, const uint8_t *args,
                          uint32_t n, struct publication *p) {
    struct word words[WORDS_MAX];
    uint32_t count = args_split(args, n, words);
    uint32_t sizes = hpub ? 2 : 1;
    if (hpub && !(c->flags & CONN_HEADERS)) {
        client_breach(m, c, "message headers not supported", NULL, 0);
        return false;
    }
    if (count < 1 + sizes || count > 2 + sizes) {
        client_breach(m, c, "processPub Parse Error: ", args, n);
        return false;
    }
    int32_t bytes = args_size(words[count - 1]);
    int32_t header = sizes == 2 ? args_size(words[count - 2]) : 0;
    if (bytes < 0 || header < 0 || header > bytes) {
        client_breach(m, c, "processPub Bad or Missing Size: ", args, n);
        return false;
    }
    if ((uint32_t)bytes > m->config->max_payload) {
        log_conn_say(m, c, MIDGE_ERR, "maximum payload exceeded: %u vs %u", (uint32_t)bytes,
                     m->config->max_payload);
        client_end(m, c, MIDGE_MAX_PAYLOAD, "Maximum Payload Violation");
        return false;
    }
    *p = (struct publication){.subject = words[0].bytes,
                              .subject_bytes = words[0].n,
                              .hpub = hpub,
                              .header_bytes = (uint32_t)header,
                              .bytes = (uint32_t)bytes};
    if (count == 2 + sizes) {
        p->reply = words[1].bytes;
        p->reply_bytes = words[1].n;
    }
    set_rest(m, p, args, n, words, count);
    return true;
}

void publication_check(struct midge *m, struct conn *c, const struct publication *p) {
    if ((c->flags & CONN_PEDANTIC) && !subject_literal(p->subject, p->subject_bytes))
        client_error(m, c, "Invalid Publish Subject");
}

static void publish_violation(struct midge *m, struct conn *c, const char *what, const char *of,
                              const uint8_t *subject, uint32_t n) {
    struct word quoted = {subject, n};
    struct format f = client_error_begin(m);
    format_say(&f, "-ERR 'Permissions Violation for Publish %s%q", what, &quoted);
    client_error_end(m, c, &f);
    log_conn_say(m, c, MIDGE_ERR, "Publish Violation - %s%q", of, &quoted);
}

static bool begins(const uint8_t *s, uint32_t n, const char *prefix, uint32_t more) {
    uint32_t length = (uint32_t)strlen(prefix);
    return n >= length + more && memcmp(s, prefix, length) == 0;
}

// Whether a client may publish to the subject, of which `found` is known.
static bool is_permitted(struct midge *m, struct conn *c, const uint8_t *s, uint32_t n,
                         struct matched found) {
    if (match_permits(m, found, c->permissions))
        return true;
    bool reserved = (s[0] == '_' && begins(s, n, "_GR_.", 1)) ||
                    (s[0] == '$' && (begins(s, n, "$GR.", 1) || begins(s, n, "$NRG.", 0)));
    if (reserved)
        return false;
    if (!permission_publish(m->config, c->permissions, s, n)) {
#if MIDGE_RESPONSES_MAX > 0
        return (c->flags & (CONN_ANSWERS | CONN_STALL_CHECKED)) == CONN_ANSWERS
                   ? response_take(m, c, s, n)
                   : (c->flags & CONN_ANSWERS) != 0;
#else
        return false;
#endif
    }
    match_permit(m, found, c->permissions);
    return true;
}

// Whether a client may publish so; where not, it was told.
static bool may_publish(struct midge *m, struct conn *c, const struct publication *p,
                        struct matched found) {
    if (!is_permitted(m, c, p->subject, p->subject_bytes, found)) {
        publish_violation(m, c, "to ", "Subject ", p->subject, p->subject_bytes);
        return false;
    }
    const uint8_t *s = p->reply;
    uint32_t n = p->reply_bytes;
    if (n > 0 && (s[0] == '_' || s[0] == '$') &&
        (begins(s, n, "_R_.", 0) || begins(s, n, "$JS.ACK.", 1) || begins(s, n, "_GR_.", 1) ||
         begins(s, n, "$GR.", 1))) {
        publish_violation(m, c, "with Reply of ", "Reply ", s, n);
        return false;
    }
    return true;
}

// Tells a requestor that nobody listens, if it wants to know and listens for the answer itself.
static void no_responders(struct midge *m, struct conn *c, const struct publication *p) {
    struct matched found = match(m, m->root, p->reply, p->reply_bytes);
    for (uint32_t i = 0; i < found.count; i++) {
        for (index_t s = m->nodes[found.nodes[i]].plain; s != 0; s = m->subscriptions[s].next) {
            if (m->subscriptions[s].owner != conn_index(m, c))
                continue;
            // In pieces, none of them longer than a control line.
            struct word reply = {p->reply, p->reply_bytes};
            uint32_t bytes = 32 + p->subject_bytes;
            struct format f = FORMAT(m->rest);
            format_say(&f, "HMSG %w ", &reply);
            conn_send(m, c, f.to, f.n);
            conn_send(m, c, f.to, subs_sid(m, s, f.to, f.max));
            f.n = 0;
            format_say(&f, " %u %u\r\nNATS/1.0 503\r\nNats-Subject: ", bytes, bytes);
            conn_send(m, c, f.to, f.n);
            conn_send(m, c, p->subject, p->subject_bytes);
            conn_send_text(m, c, "\r\n\r\n\r\n");
            return;
        }
    }
}

bool publication_send(struct midge *m, struct conn *c, struct publication *p,
                      struct matched found) {
    // A message that waited was traced and acknowledged before.
    bool first = !(c->flags & CONN_STALL_CHECKED);
    if (tracing(m) && first)
        trace_payload(m, c, p);
    if (found.generation != m->generation)
        found = match(m, m->root, p->subject, p->subject_bytes);
    int32_t receivers = 1;  // or as if: who may not is told just that
    if (may_publish(m, c, p, found)) {
        if ((c->flags & CONN_VERBOSE) && first)
            client_ok(m, c);
        receivers = deliver(m, c, p, found);
    }
    if (receivers == DELIVER_STALL) {
        c->flags |= CONN_STALL_CHECKED;
        return false;
    }
    c->flags &= ~(uint32_t)CONN_STALL_CHECKED;
    c->in_msgs++;
    c->in_bytes += p->bytes;
    if (receivers == 0 && p->reply_bytes > 0 && (c->flags & CONN_NO_RESPONDERS))
        no_responders(m, c, p);
    return true;
}
