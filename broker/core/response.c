#include "broker/core/response.h"

#include "broker/core/hash.h"
#include "broker/core/midge.h"
#include "broker/core/permission.h"

#if MIDGE_RESPONSES_MAX > 0

static const struct midge_permissions *set_of(const struct midge *m, const struct conn *c) {
    return &m->config->permissions[c->permissions - 1];
}

static void release(struct midge *m, struct response *r) {
    text_drop(m, r->subject);
    *r = (struct response){0};
}

// The set of a client's subject, in whose first place *found is put if it is there.
static struct response *set_for(struct midge *m, const struct conn *c, const uint8_t *s, uint32_t n,
                                struct response **found) {
    uint32_t hash = text_hash(m->seed, s, n);
    index_t text = text_find(m, hash, s, n);
    uint32_t sets = MIDGE_RESPONSES_MAX / RESPONSE_WAYS;
    struct response *set =
        &m->responses[hash_pair(hash, hash_key(m->seed, conn_index(m, c))) % sets * RESPONSE_WAYS];
    *found = NULL;
    for (uint32_t i = 0; i < RESPONSE_WAYS && text != 0; i++) {
        if (set[i].subject == text && set[i].conn == conn_index(m, c))
            *found = &set[i];
    }
    return set;
}

// Counts a reply, and forgets the request where it was one too many, or came too late.
static bool take(struct midge *m, const struct conn *c, struct response *r) {
    const struct midge_permissions *p = set_of(m, c);
    bool late = p->response_ms > 0 && m->now.ms - r->asked_ms > p->response_ms;
    if (late || (p->responses > 0 && ++r->sent > p->responses)) {
        release(m, r);
        return false;
    }
    return true;
}

void response_expect(struct midge *m, struct conn *c, const uint8_t *reply, uint32_t n) {
    struct response *found;
    struct response *set = set_for(m, c, reply, n, &found);
    if (permission_publish(m->config, c->permissions, reply, n) ||
        (found != NULL && take(m, c, found)))
        return;
    index_t text = text_hold(m, reply, n);
    if (text == 0)
        return;  // then it cannot be answered
    struct response *oldest = set;
    for (struct response *r = set; r < set + RESPONSE_WAYS && oldest->subject != 0; r++) {
        if (r->subject == 0 || (int32_t)(r->asked_ms - oldest->asked_ms) < 0)
            oldest = r;
    }
    if (oldest->subject != 0)
        release(m, oldest);
    *oldest = (struct response){
        .asked_ms = m->now.ms,
        .subject = text,
        .conn = conn_index(m, c),
    };
}

bool response_take(struct midge *m, const struct conn *c, const uint8_t *subject, uint32_t n) {
    struct response *found;
    (void)set_for(m, c, subject, n, &found);
    return found != NULL && take(m, c, found);
}

void response_forget(struct midge *m, struct conn *c) {
    for (struct response *r = m->responses;
         (c->flags & CONN_ANSWERS) && r < m->responses + MIDGE_RESPONSES_MAX; r++) {
        if (r->subject != 0 && r->conn == conn_index(m, c))
            release(m, r);
    }
    c->flags &= ~(uint32_t)CONN_ANSWERS;
}

#endif
