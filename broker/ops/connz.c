#include "broker/ops/connz.h"

#include "broker/core/chars.h"
#include "broker/core/midge.h"
#include "broker/core/reason.h"
#include "broker/ops/content.h"
#include "broker/ops/parameter.h"

// ---- Order --------------------------------------------------------------------------------------

enum key {
    KEY_CID,
    KEY_SUBS,
    KEY_PENDING,
    KEY_OUT_MSGS,
    KEY_IN_MSGS,
    KEY_OUT_BYTES,
    KEY_IN_BYTES,
    KEY_ACTIVE,
    KEY_UPTIME,
    KEY_RTT,
    KEY_STOPPED,
    KEY_REASON,
};

static const struct sort {
    char name[11];
    uint8_t key;
    bool descending;
} sorts[] = {
    {"", KEY_CID, false},
    {"cid", KEY_CID, false},
    {"start", KEY_CID, false},
    {"subs", KEY_SUBS, true},
    {"pending", KEY_PENDING, true},
    {"msgs_to", KEY_OUT_MSGS, true},
    {"msgs_from", KEY_IN_MSGS, true},
    {"bytes_to", KEY_OUT_BYTES, true},
    {"bytes_from", KEY_IN_BYTES, true},
    {"last", KEY_ACTIVE, true},
    {"idle", KEY_ACTIVE, false},
    {"uptime", KEY_UPTIME, false},
    {"rtt", KEY_RTT, true},
    {"stop", KEY_STOPPED, true},
    {"reason", KEY_REASON, false},
};

int connz_sort(const char *name) {
    for (int i = 0; i < (int)(sizeof sorts / sizeof sorts[0]); i++) {
        if (chars_same(sorts[i].name, name))
            return i;
    }
    return -1;
}

bool connz_sorts_closed(int sort) {
    return sorts[sort].key >= KEY_STOPPED;
}

#if MIDGE_MONITOR_HUB

// Reasons are ordered by their texts.
static uint64_t reason_rank(int reason) {
    uint64_t rank = 0;
    for (int r = 1; r < MIDGE_REASONS; r++)
        rank += strcmp(reason_text(r), reason_text(reason)) < 0;
    return rank;
}

// Up to when the request came, as a time that went on would change the order.
static uint64_t uptime(const struct answer *a, const struct told *told) {
    uint64_t until = told->stopped_us != 0 ? told->stopped_us : a->c->active_us;
    return until > told->facts->started_us ? until - told->facts->started_us : 0;
}

static uint64_t value_of(const struct answer *a, const struct told *told, enum key key) {
    const struct facts *facts = told->facts;
    switch (key) {
    case KEY_SUBS:
        return facts->subs_count;
    case KEY_PENDING:
        return told->pending_bytes;
    case KEY_OUT_MSGS:
        return facts->out_msgs;
    case KEY_IN_MSGS:
        return facts->in_msgs;
    case KEY_OUT_BYTES:
        return facts->out_bytes;
    case KEY_IN_BYTES:
        return facts->in_bytes;
    case KEY_ACTIVE:
        return told->active_us;
    case KEY_UPTIME:
        return uptime(a, told);
    case KEY_RTT:
        return facts->rtt_us;
    case KEY_STOPPED:
        return told->stopped_us;
    case KEY_REASON:
        return reason_rank(told->reason);
    default:
        return facts->cid;
    }
}

static uint64_t key_of(const struct answer *a, const struct told *told) {
    const struct sort *sort = &sorts[a->s->sort];
    uint64_t value = value_of(a, told, (enum key)sort->key);
    return sort->descending ? ~value : value;
}

// ---- Selection ----------------------------------------------------------------------------------

struct wanted {
    uint64_t cid;
    const char *login;
    uint32_t login_bytes;
    bool mqtt;
};

static struct wanted wanted_of(const struct answer *a) {
    struct wanted wanted = {.login = answer_parameter(a, "user")};
    wanted.login_bytes = (uint32_t)strlen(wanted.login);
    wanted.mqtt = *answer_parameter(a, "mqtt_client") != '\0';
    parameter_number(answer_parameter(a, "cid"), false, &wanted.cid);
    return wanted;
}

static bool is_wanted(const struct midge *m, const struct wanted *wanted,
                      const struct facts *facts) {
    // No client speaks MQTT.
    if (wanted->mqtt)
        return false;
    if (wanted->cid != 0)
        return facts->cid == wanted->cid;
    return wanted->login_bytes == 0 ||
           (facts->login != 0 &&
            text_equals(m, facts->login, (const uint8_t *)wanted->login, wanted->login_bytes));
}

// The items that a request is about: those of open connections, of closed ones, or both.
static uint32_t items_begin(const struct answer *a) {
    return a->s->flags & SHOW_OPEN ? 1 : FACTS_CLOSED;
}

static uint32_t items_next(const struct answer *a, uint32_t item) {
    return item == a->m->pools[POOL_connections].fresh ? FACTS_CLOSED : item + 1;
}

static uint32_t items_end(const struct answer *a) {
    return FACTS_CLOSED + (a->s->flags & SHOW_CLOSED ? a->m->closed_count : 0);
}

// Counts those that there are, and answers how many of them are wanted.
static uint32_t count(struct answer *a) {
    struct wanted wanted = wanted_of(a);
    uint32_t matching = 0;
    for (uint32_t i = items_begin(a); i < items_end(a); i = items_next(a, i)) {
        struct told told;
        if (!facts_of(a->m, i, &told))
            continue;
        a->s->total++;
        matching += is_wanted(a->m, &wanted, told.facts);
    }
    a->m->batch.holder = MIDGE_NONE;
    return matching;
}

static bool comes_before(const struct choice *a, uint64_t key, uint64_t cid) {
    return a->key < key || (a->key == key && a->cid < cid);
}

// Puts a choice into the batch, where that is not full of better ones.
static void choose(struct batch *batch, const struct choice *choice) {
    uint32_t at = batch->count;
    if (at == BATCH_MAX &&
        !comes_before(choice, batch->choices[at - 1].key, batch->choices[at - 1].cid))
        return;
    if (at < BATCH_MAX)
        batch->count++;
    else
        at--;
    for (; at > 0 && comes_before(choice, batch->choices[at - 1].key, batch->choices[at - 1].cid);
         at--)
        batch->choices[at] = batch->choices[at - 1];
    batch->choices[at] = *choice;
}

// Fills the batch with what comes after the connection taken last.
static void choose_batch(struct answer *a) {
    const struct monitor_state *s = a->s;
    struct batch *batch = &a->m->batch;
    struct wanted wanted = wanted_of(a);
    batch->holder = conn_handle(a->m, a->c);
    batch->count = batch->taken = 0;
    for (uint32_t i = items_begin(a); i < items_end(a); i = items_next(a, i)) {
        struct told told;
        if (!facts_of(a->m, i, &told) || !is_wanted(a->m, &wanted, told.facts))
            continue;
        struct choice choice = {key_of(a, &told), told.facts->cid, i};
        if (!comes_before(&choice, s->key, s->cid + 1))
            choose(batch, &choice);
    }
}

// Takes the next choice of the batch, which is filled where it is not this answer's, or is spent.
static enum progress choose_next(struct answer *a) {
    struct batch *batch = &a->m->batch;
    if (batch->holder != conn_handle(a->m, a->c) || batch->taken == batch->count) {
        uint32_t visits = a->m->pools[POOL_connections].fresh + a->m->closed_count;
        if (!document_work(a->m, visits))
            return PROGRESS_LATER;
        choose_batch(a);
        if (batch->count == 0)
            return PROGRESS_END;
    }
    const struct choice *choice = &batch->choices[batch->taken++];
    a->s->key = choice->key;
    a->s->cid = choice->cid;
    a->s->item = choice->item;
    return PROGRESS_DONE;
}

#else

static uint32_t count(struct answer *a) {
    return a->s->total = a->m->open[MIDGE_CLIENT];
}

// The client with the next cid: they are few enough to look at each for every one shown.
static enum progress choose_next(struct answer *a) {
    uint64_t best = UINT64_MAX;
    for (uint32_t i = 1; i < FACTS_CLOSED; i++) {
        struct told told;
        if (!facts_of(a->m, i, &told) || told.facts->cid <= a->s->cid || told.facts->cid >= best)
            continue;
        best = told.facts->cid;
        a->s->item = i;
    }
    a->s->cid = best;
    return best == UINT64_MAX ? PROGRESS_END : PROGRESS_DONE;
}

#endif

// ---- What the document asks ---------------------------------------------------------------------

void connz_begin(struct answer *a) {
    content_page(a, count(a));
    a->s->count = a->s->left;
}

void connz_stay(struct answer *a) {
    const struct monitor_state *s = a->s;
    bool found = facts_find(a->m, s->cid, s->item, &a->told);
    a->bases[BASE_FACTS] = a->told.facts;
    if (MIDGE_MONITOR_HUB)
        a->login = found && (s->flags & SHOW_AUTH) ? a->told.facts->login : 0;
}

enum progress connz_next(struct answer *a) {
    struct monitor_state *s = a->s;
    while (s->left > 0) {
        enum progress progress = choose_next(a);
        if (progress != PROGRESS_DONE)
            return progress;
        struct told told;
        if (s->skip > 0) {
            s->skip--;
        } else if (facts_of(a->m, s->item, &told) && told.facts->cid == s->cid) {
            s->left--;
            connz_stay(a);
            return PROGRESS_DONE;
        }
    }
    return PROGRESS_END;
}
