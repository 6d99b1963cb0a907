#include "broker/ops/connz.h"

#include "broker/core/midge.h"
#include "broker/core/reason.h"
#include "broker/ops/parameter.h"

// ---- Order --------------------------------------------------------------------------------------

#define KEY(member) offsetof(struct facts, member), sizeof(((struct facts *)0)->member)

static const struct sort {
    char name[11];
    uint8_t at, bytes;
    bool descending;
} sorts[] = {
    {"", KEY(cid), false},
    {"cid", KEY(cid), false},
    {"start", KEY(cid), false},
    {"subs", KEY(subs_count), true},
    {"pending", KEY(pending_bytes), true},
    {"msgs_to", KEY(out_msgs), true},
    {"msgs_from", KEY(in_msgs), true},
    {"bytes_to", KEY(out_bytes), true},
    {"bytes_from", KEY(in_bytes), true},
    {"last", KEY(active_us), true},
    {"idle", KEY(active_us), false},
    {"uptime", KEY(started_us), false},
    {"rtt", KEY(rtt_us), true},
    {"stop", KEY(stopped_us), true},
    {"reason", KEY(reason), false},
};

int connz_sort(const char *name) {
    for (int i = 0; i < (int)(sizeof sorts / sizeof sorts[0]); i++) {
        if (strcmp(sorts[i].name, name) == 0)
            return i;
    }
    return -1;
}

bool connz_sorts_closed(int sort) {
    size_t at = sorts[sort].at;
    return at == offsetof(struct facts, stopped_us) || at == offsetof(struct facts, reason);
}

// Reasons are ordered by their texts.
static uint64_t reason_rank(int reason) {
    uint64_t rank = 0;
    for (int r = 1; r < MIDGE_REASONS; r++)
        rank += strcmp(reason_text(r), reason_text(reason)) < 0;
    return rank;
}

static uint64_t key_of(const struct answer *a, const struct facts *facts) {
    const struct sort *sort = &sorts[a->c->monitor.sort];
    const uint8_t *p = (const uint8_t *)facts + sort->at;
    uint64_t key;
    uint32_t u32;
    if (sort->bytes == 1) {
        key = reason_rank(*p);
    } else if (sort->bytes == sizeof u32) {
        memcpy(&u32, p, sizeof u32);
        key = u32;
    } else {
        memcpy(&key, p, sizeof key);
    }
    if (sort->at == offsetof(struct facts, started_us)) {
        // Up to when the request came, as a time that went on would change the order.
        uint64_t until = facts->stopped_us != 0 ? facts->stopped_us : a->c->active_us;
        key = until > key ? until - key : 0;
    }
    return sort->descending ? ~key : key;
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
    parameter_number(answer_parameter(a, "cid"), UINT64_MAX, &wanted.cid);
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
    bool open = (a->c->monitor.flags & SHOW_OPEN) && a->m->pools[POOL_connections].fresh > 0;
    return open ? 1 : FACTS_CLOSED;
}

static uint32_t items_next(const struct answer *a, uint32_t item) {
    return item == a->m->pools[POOL_connections].fresh ? FACTS_CLOSED : item + 1;
}

static uint32_t items_end(const struct answer *a) {
    return FACTS_CLOSED + (a->c->monitor.flags & SHOW_CLOSED ? a->m->closed_count : 0);
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
    const struct monitor_state *s = &a->c->monitor;
    struct batch *batch = &a->m->batch;
    struct wanted wanted = wanted_of(a);
    batch->holder = conn_handle(a->m, a->c);
    batch->count = batch->taken = 0;
    for (uint32_t i = items_begin(a); i < items_end(a); i = items_next(a, i)) {
        struct facts facts;
        if (!facts_of(a->m, i, &facts) || !is_wanted(a->m, &wanted, &facts))
            continue;
        struct choice choice = {key_of(a, &facts), facts.cid, i};
        if (!comes_before(&choice, s->key, s->cid + 1))
            choose(batch, &choice);
    }
}

// ---- What the document asks ---------------------------------------------------------------------

void connz_begin(struct answer *a) {
    struct monitor_state *s = &a->c->monitor;
    struct wanted wanted = wanted_of(a);
    uint32_t matching = 0;
    a->m->batch.holder = MIDGE_NONE;
    for (uint32_t i = items_begin(a); i < items_end(a); i = items_next(a, i)) {
        struct facts facts;
        if (!facts_of(a->m, i, &facts))
            continue;
        s->total++;
        matching += is_wanted(a->m, &wanted, &facts);
    }
    s->skip = a->offset < matching ? (uint32_t)a->offset : matching;
    s->left = matching - s->skip;
    if (s->left > a->limit)
        s->left = (uint32_t)a->limit;
    s->count = s->left;
}

void connz_stay(struct answer *a) {
    const struct monitor_state *s = &a->c->monitor;
    if (!facts_find(a->m, s->cid, s->item, &a->facts))
        a->facts = (struct facts){.cid = s->cid};
    if (!(s->flags & SHOW_AUTH))
        a->facts.login = 0;
}

enum progress connz_next(struct answer *a) {
    struct monitor_state *s = &a->c->monitor;
    struct batch *batch = &a->m->batch;
    while (s->left > 0) {
        if (batch->holder != conn_handle(a->m, a->c) || batch->taken == batch->count) {
            uint32_t visits = a->m->pools[POOL_connections].fresh + a->m->closed_count;
            if (!document_work(a->m, visits))
                return PROGRESS_LATER;
            choose_batch(a);
            if (batch->count == 0)
                break;
        }
        const struct choice *choice = &batch->choices[batch->taken++];
        s->key = choice->key;
        s->cid = choice->cid;
        s->item = choice->item;
        if (s->skip > 0) {
            s->skip--;
            continue;
        }
        struct facts facts;
        if (!facts_of(a->m, s->item, &facts) || facts.cid != s->cid)
            continue;
        s->left--;
        connz_stay(a);
        return PROGRESS_DONE;
    }
    return PROGRESS_END;
}
