#include "broker/core/subscription.h"

#include "broker/core/args.h"
#include "broker/core/client.h"
#include "broker/core/connect.h"
#include "broker/core/log.h"
#include "broker/core/midge.h"
#include "broker/core/permission.h"
#include "broker/core/subject.h"
#include "broker/core/trace.h"

#define VIOLATION "-ERR 'Permissions Violation for Subscription to "

// Begins to tell a client what it may not subscribe to.
static struct format violation(struct midge *m, struct word subject, struct word queue) {
    struct format f = client_error_begin(m);
    format_say(&f, queue.n > 0 ? VIOLATION "%q using queue %q" : VIOLATION "%q", &subject, &queue);
    return f;
}

static void subscribe_violation(struct midge *m, struct conn *c, struct word subject,
                                struct word queue, struct word sid, bool tokens) {
    if (tokens)
        queue.n = 0;
    struct format f = violation(m, subject, queue);
    if (tokens)
        format_text(&f, ", too many tokens");
    client_error_end(m, c, &f);
    struct format *log = log_conn(m, c, MIDGE_ERR);
    format_say(log, "Subscription Violation%s - Subject %q", tokens ? " Too Many Tokens" : "",
               &subject);
    if (queue.n > 0)
        format_say(log, ", Queue: %q", &queue);
    format_say(log, ", SID %w", &sid);
    log_end(m);
}

static bool may_subscribe(struct midge *m, struct conn *c, struct word subject, struct word queue,
                          struct word sid) {
    bool reserved = queue.n == 5 && memcmp(queue.bytes, "_sys_", 5) == 0;
    if (reserved ||
        !permission_subscribe(m->config, c->permissions,
                              &(struct request){subject.bytes, queue.bytes, subject.n, queue.n})) {
        subscribe_violation(m, c, subject, queue, sid, false);
        return false;
    }
    uint32_t tokens_max = m->config->max_sub_tokens;
    if (tokens_max > 0 && subject_tokens(subject.bytes, subject.n) > tokens_max) {
        subscribe_violation(m, c, subject, queue, sid, true);
        return false;
    }
    return true;
}

static void too_many_subscriptions(struct midge *m, struct conn *c) {
    static const char text[] = "maximum subscriptions exceeded";
    log_conn_say(m, c, MIDGE_ERR, text);
    client_error(m, c, text);
}

void subscription_add(struct midge *m, struct conn *c, const uint8_t *args, uint32_t n) {
    struct word words[WORDS_MAX];
    if (args != m->line)
        memcpy(m->line, args, n);
    uint32_t count = args_split_lines(m->line, n, words);
    if (count != 2 && count != 3) {
        client_breach(m, c, "processSub Parse Error: ", m->line, n);
        return;
    }
    struct word subject = words[0];
    struct word queue = count == 3 ? words[1] : (struct word){NULL, 0};
    struct word sid = words[count - 1];
    if (!may_subscribe(m, c, subject, queue, sid))
        return;
    uint32_t most = m->config->max_subscriptions;
    if (most > 0 && c->subs_count >= most) {
        too_many_subscriptions(m, c);
        return;
    }
    if (subs_find(m, conn_index(m, c), sid.bytes, sid.n) == 0) {
        if (!subject_valid(subject.bytes, subject.n)) {
            client_error(m, c, "Invalid Subject");
            return;
        }
        struct sub_wish wish = {.root = m->root,
                                .owner = conn_index(m, c),
                                .subject = subject.bytes,
                                .subject_bytes = subject.n,
                                .queue = queue.bytes,
                                .queue_bytes = queue.n,
                                .sid = sid.bytes,
                                .sid_bytes = sid.n};
        index_t i = subs_insert(m, &wish);
        if (i == 0) {
            too_many_subscriptions(m, c);
            return;
        }
        if (permission_filtered(m->config, c->permissions,
                                &(struct request){subject.bytes, queue.bytes, subject.n, queue.n}))
            m->subscriptions[i].flags |= SUB_FILTERED;
    }
    client_ok(m, c);
}

void subscription_recheck(struct midge *m, struct conn *c) {
    for (index_t i = c->subs, next; i != 0; i = next) {
        next = m->subscriptions[i].owner_next;
        uint32_t n = subs_subject(m, i, m->line, sizeof m->line);
        uint8_t queue[256];
        uint32_t queue_bytes = subs_queue(m, i, queue, sizeof queue);
        if (queue_bytes > sizeof queue)
            queue_bytes = sizeof queue;
        struct sub *s = &m->subscriptions[i];
        const struct request request = {m->line, queue, n, queue_bytes};
        if (permission_subscribe(m->config, c->permissions, &request)) {
            bool filtered = permission_filtered(m->config, c->permissions, &request);
            s->flags = (uint8_t)((s->flags & ~SUB_FILTERED) | (filtered ? SUB_FILTERED : 0));
            continue;
        }
        struct format f =
            violation(m, (struct word){m->line, n}, (struct word){queue, queue_bytes});
        n = subs_sid(m, i, m->line, sizeof m->line);
        format_say(&f, " (sid %q)", &(struct word){m->line, n});
        struct format *log = log_begin(m, MIDGE_INF);
        const uint32_t skip = sizeof VIOLATION - 1;
        format_say(log, "Removed sub %w for ", &(struct word){f.to + skip, f.n - skip});
        connect_name(m, c, log);
        format_text(log, " - not authorized");
        log_end(m);
        client_error_end(m, c, &f);
        subs_remove(m, i);
    }
}

void subscription_drop(struct midge *m, struct conn *c, const uint8_t *args, uint32_t n) {
    struct word words[WORDS_MAX];
    if (args != m->line)
        memcpy(m->line, args, n);
    uint32_t count = args_split_lines(m->line, n, words);
    if (count != 1 && count != 2) {
        client_breach(m, c, "processUnsub Parse Error: ", m->line, n);
        return;
    }
    client_ok(m, c);
    index_t i = subs_find(m, conn_index(m, c), words[0].bytes, words[0].n);
    if (i == 0)
        return;
    int32_t max = count == 2 ? args_size(words[1]) : -1;
    struct sub *s = &m->subscriptions[i];
    if (max > 0 && (uint64_t)max > s->delivered) {
        s->max = (uint32_t)max;
        return;
    }
    if (tracing(m))
        trace_unsubscribe(m, c, i);
    subs_remove(m, i);
}
