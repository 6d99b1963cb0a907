#include "sim/inspector.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "broker/core/reason.h"
#include "sim/tree.h"
#include "sim/words.h"
#include "sim/world.h"

static struct tree tree;

// ---- The broker at a moment ---------------------------------------------------------------------

void inspector_look(const struct site *s, struct moment *now) {
    const struct midge *m = &s->m;
    uint64_t requests = 0;
    uint64_t taken = 0;
    for (uint32_t i = 0; i < HTTP_COUNTERS; i++)
        requests += m->http_requests[i];
    for (uint32_t i = 0; i < POOL_COUNT; i++)
        taken = taken * 31 + (i != POOL_blocks ? m->pools[i].used : 0);
    *now = (struct moment){.reloads = s->reloads,
                           .us = m->now.us,
                           .wall_us = m->now.wall_us,
                           .in_msgs = m->in_msgs,
                           .in_bytes = m->in_bytes,
                           .out_msgs = m->out_msgs,
                           .out_bytes = m->out_bytes,
                           .connections = m->last_cid,
                           .closed = m->closed_next,
                           .stalls = m->stalls,
                           .matches = m->matches,
                           .requests = requests,
                           .taken = taken,
                           .subscriptions = m->subs_inserted + m->subs_removed};
    for (uint32_t i = 1; i <= m->pools[POOL_connections].fresh; i++) {
        const struct conn *c = &m->connections[i];
        if (c->kind == MIDGE_CLIENT && c->cid != 0)
            now->clients = now->clients * 31 + c->out.bytes + c->rtt_us + c->flags + c->active_us +
                           c->delivered_us;
    }
}

// ---- Claims -------------------------------------------------------------------------------------

// An object, of which each member is claimed by somebody.
struct claim {
    const struct site *s;
    const struct moment *begun, *now;
    bool still;  // nothing has happened since the request
    uint32_t object, claimed;
    const char *wrong;
};

static const char *wrong_key(const char *what, const char *key) {
    static char text[128];
    snprintf(text, sizeof text, "a page says another %s: %s", what, key);
    return text;
}

static uint32_t take(struct claim *c, const char *key) {
    uint32_t i = tree_member(&tree, c->object, key);
    c->claimed += i != 0;
    if (i == 0 && c->wrong == NULL)
        c->wrong = wrong_key("lacks", key);
    return i;
}

static void check(struct claim *c, bool right, const char *what, const char *key) {
    if (!right && c->wrong == NULL)
        c->wrong = wrong_key(what, key);
}

static void number(struct claim *c, const char *key, uint64_t v) {
    uint32_t i = take(c, key);
    check(c, tree.branch[i].type == TREE_NUMBER && tree_count(&tree, i) == v, "number", key);
}

// What may have changed meanwhile.
static void level(struct claim *c, const char *key, uint64_t v) {
    uint32_t i = take(c, key);
    bool right = !c->still || tree_count(&tree, i) == v;
    check(c, tree.branch[i].type == TREE_NUMBER && right, "number", key);
}

// What only grows.
static void counter(struct claim *c, const char *key, uint64_t least, uint64_t most) {
    uint64_t v = tree_count(&tree, take(c, key));
    check(c, v >= least && v <= most, "counter", key);
}

static void number_if(struct claim *c, const char *key, uint64_t v) {
    if (v != 0)
        number(c, key, v);
}

static void level_if(struct claim *c, const char *key, uint64_t v) {
    if (c->still ? v != 0 : tree_member(&tree, c->object, key) != 0)
        level(c, key, v);
}

// With so many digits behind the point.
static void fraction(struct claim *c, const char *key, double v, double grain) {
    uint32_t i = take(c, key);
    double said = tree_number(&tree, i);
    bool right = tree.branch[i].type == TREE_NUMBER && said > v - grain && said < v + grain;
    check(c, !c->still || right, "fraction", key);
}

static void truth(struct claim *c, const char *key, bool v) {
    uint32_t i = take(c, key);
    check(c, tree.branch[i].type == TREE_TRUTH && tree_truth(&tree, i) == v, "truth", key);
}

static void text(struct claim *c, const char *key, const char *v) {
    check(c, tree_is(&tree, take(c, key), v), "text", key);
}

static void text_if(struct claim *c, const char *key, const char *v) {
    if (v[0] != '\0')
        text(c, key, v);
}

// What a client has given, as a page shows it: what of it is no UTF-8 is replaced.
static const char *as_shown(const uint8_t *bytes, uint32_t n) {
    static struct words w;
    w.n = 0;
    w.text[0] = '\0';
    for (uint32_t i = 0, part; i < n; i += part + (part == 0)) {
        part = words_rune(bytes + i, n - i);
        words_add_bytes(&w, part > 0 ? (const char *)bytes + i : "\xef\xbf\xbd",
                        part > 0 ? part : 3);
    }
    return w.text;
}

static void given(struct claim *c, const char *key, index_t t) {
    static uint8_t bytes[MIDGE_CONTROL_LINE_MAX + 1];
    uint32_t n = text_copy(&c->s->m, t, bytes, sizeof bytes);
    if (!c->still) {
        c->claimed += tree_member(&tree, c->object, key) != 0;
        return;
    }
    text_if(c, key, as_shown(bytes, n));
}

// A time of day, of the wall's clock in microseconds.
static void add_time(struct words *w, uint64_t us) {
    time_t seconds = (time_t)(us / 1000000);
    struct tm tm;
    char fraction_text[16] = "";
    if (us == 0) {
        words_add(w, "0001-01-01T00:00:00Z");
        return;
    }
    tm = *gmtime(&seconds);
    if (us % 1000000 != 0) {
        int n = snprintf(fraction_text, sizeof fraction_text, ".%06u", (uint32_t)(us % 1000000));
        while (fraction_text[n - 1] == '0')
            fraction_text[--n] = '\0';
    }
    words_add(w, "%04d-%02d-%02dT%02d:%02d:%02d%sZ", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
              tm.tm_hour, tm.tm_min, tm.tm_sec, fraction_text);
}

static void day(struct claim *c, const char *key, uint64_t wall_us) {
    struct words w = {0};
    add_time(&w, wall_us);
    text(c, key, w.text);
}

// A moment of the broker's own clock.
static void moment(struct claim *c, const char *key, uint64_t us) {
    day(c, key, c->now->wall_us == 0 ? 0 : us + c->now->wall_us - c->now->us);
}

static void now(struct claim *c) {
    struct words first = {0}, last = {0};
    add_time(&first, c->begun->wall_us);
    add_time(&last, c->now->wall_us);
    uint32_t i = take(c, "now");
    // It may have been written in any turn from the first to the last.
    check(c,
          c->begun->us != c->now->us ||
              (tree_is(&tree, i, first.text) && tree_is(&tree, i, last.text)),
          "time", "now");
}

// Whole seconds with their units, as long as that takes; between two moments.
static void age(struct claim *c, const char *key, uint64_t since_us, uint64_t until_us) {
    static const struct {
        char unit;
        uint64_t seconds;
    } units[] = {{'y', 31536000}, {'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};
    uint32_t i = take(c, key);
    uint64_t first = c->begun->us > since_us ? (c->begun->us - since_us) / 1000000 : 0;
    uint64_t last = c->now->us > since_us ? (c->now->us - since_us) / 1000000 : 0;
    if (until_us != 0)
        first = last = (until_us - since_us) / 1000000;
    char said[64];
    uint64_t sum = 0;
    const char *at = said;
    tree_string(&tree, i, said, sizeof said);
    bool any = false;
    for (uint32_t k = 0; k < 5; k++) {
        char *end;
        uint64_t v = strtoull(at, &end, 10);
        if (end == at || *end != units[k].unit) {
            check(c, !any, "age", key);  // what is between two units is there too
            continue;
        }
        check(c, any ? v < units[k - 1].seconds / units[k].seconds : v > 0 || k == 4, "age", key);
        any = true;
        sum += v * units[k].seconds;
        at = end + 1;
    }
    check(c, *at == '\0' && sum >= first && sum <= last, "age", key);
}

static struct claim within(const struct claim *outer, const char *key, uint32_t i) {
    struct claim c = *outer;
    c.object = key != NULL ? tree_member(&tree, outer->object, key) : i;
    c.claimed = 0;
    return c;
}

// All members of an inner object are claimed.
static void end(struct claim *outer, const struct claim *inner) {
    outer->claimed += inner->object != outer->object;
    outer->wrong = inner->wrong;
    const struct branch *b = &tree.branch[inner->object];
    if (outer->wrong != NULL || inner->claimed == b->size)
        return;
    static char what[128];
    snprintf(what, sizeof what, "a page says more, or less, than it must: %.*s", 60,
             b->text != NULL ? b->text : "");
    outer->wrong = what;
}

static void empty(struct claim *c, const char *key, enum tree_type type) {
    uint32_t i = take(c, key);
    check(c, tree.branch[i].type == type && tree.branch[i].size == 0, "emptiness", key);
}

static void zeros(struct claim *outer, const char *key, const char *const *names) {
    struct claim c = within(outer, key, 0);
    for (; *names != NULL; names++)
        number(&c, *names, 0);
    end(outer, &c);
}

#define ZEROS(c, key, ...) zeros(c, key, (const char *const[]){__VA_ARGS__, NULL})

// ---- Pages --------------------------------------------------------------------------------------

static void by_kind(struct claim *outer, const char *key, uint64_t clients) {
    struct claim c = within(outer, key, 0);
    level(&c, "clients", clients);
    number(&c, "routes", 0);
    number(&c, "gateways", 0);
    number(&c, "leafs", 0);
    end(outer, &c);
}

static void pool(struct claim *pools, const char *name, const struct pool *p, uint32_t bytes) {
    struct claim c = within(pools, name, 0);
    // The answer itself lies in blocks, and for a while they may be scarce.
    c.still &= p != &c.s->m.pools[POOL_blocks];
    level(&c, "in_use", p->used);
    level(&c, "high", p->high);
    level(&c, "limit", p->limit);
    number(&c, "bytes", bytes);
    end(pools, &c);
}

static void varz(struct claim *c) {
    static const char *const unused[] = {"cluster", "gateway",   "leaf",
                                         "mqtt",    "websocket", "jetstream"};
    const struct midge *m = &c->s->m;
    const struct midge_config *config = m->config;
    const struct moment *a = c->begun, *b = c->now;
    text(c, "server_id", midge_id(m));
    text(c, "server_name", midge_config_text(config, config->server_name));
    text(c, "version", MIDGE_NATS_VERSION);
    number(c, "proto", 1);
    text(c, "go", "sim");
    text(c, "host", "0.0.0.0");
    number(c, "port", 4222);
    if (c->s->rights.users > 0)
        truth(c, "auth_required", true);
    number(c, "max_connections", config->max_connections);
    number_if(c, "max_subscriptions", config->max_subscriptions);
    number(c, "ping_interval", config->ping_interval_ms * 1000000ull);
    number(c, "ping_max", config->ping_max);
    text(c, "http_host", midge_config_text(config, config->http_host));
    number(c, "http_port", 8222);
    text(c, "http_base_path", midge_config_text(config, config->http_base_path));
    number(c, "https_port", 0);
    fraction(c, "auth_timeout", (double)config->auth_timeout_ms / 1000, 0.0005);
    number(c, "max_control_line", config->max_control_line);
    number(c, "max_payload", config->max_payload);
    number(c, "max_pending", config->max_pending);
    for (uint32_t i = 0; i < 6; i++)
        empty(c, unused[i], TREE_OBJECT);
    number(c, "tls_timeout", 2);
    number(c, "write_deadline", config->write_deadline_ms * 1000000ull);
    moment(c, "start", m->started_us);
    now(c);
    age(c, "uptime", m->started_us, 0);
    number(c, "mem", m->host.rss_bytes);
    number(c, "cores", m->host.cores);
    number(c, "gomaxprocs", 1);
    fraction(c, "cpu", m->host.cpu_permille / 10.0, 0.05);
    level(c, "connections", m->open[MIDGE_CLIENT]);
    level(c, "total_connections", m->total_connections);
    number(c, "routes", 0);
    number(c, "remotes", 0);
    number(c, "leafnodes", 0);
    counter(c, "in_msgs", a->in_msgs, b->in_msgs);
    counter(c, "in_bytes", a->in_bytes, b->in_bytes);
    counter(c, "in_client_msgs", a->in_msgs, b->in_msgs);
    counter(c, "in_client_bytes", a->in_bytes, b->in_bytes);
    counter(c, "out_msgs", a->out_msgs, b->out_msgs);
    counter(c, "out_bytes", a->out_bytes, b->out_bytes);
    counter(c, "out_client_msgs", a->out_msgs, b->out_msgs);
    counter(c, "out_client_bytes", a->out_bytes, b->out_bytes);
    level(c, "slow_consumers", m->slow_consumers);
    level(c, "stale_connections", m->stale_connections);
    counter(c, "stalled_clients", a->stalls, b->stalls);
    level(c, "subscriptions", m->pools[POOL_subscriptions].used);
    struct claim requests = within(c, "http_req_stats", 0);
    static const char *const paths[] = {"/connz",    "/healthz",  "/subsz",    "/varz",
                                        "/accountz", "/accstatz", "/gatewayz", "/jsz",
                                        "/leafz",    "/routez",   "/"};
    for (uint32_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        level_if(&requests, paths[i], m->http_requests[i]);
    end(c, &requests);
    day(c, "config_load_time", config->loaded_wall_us);
    text(c, "config_digest", config->digest);
    by_kind(c, "slow_consumer_stats", m->slow_consumers);
    by_kind(c, "stale_connection_stats", m->stale_connections);
    ZEROS(c, "disk_io_wait_stats", "waiters", "waits", "wait_time", "max_wait_time");
    struct claim pools = within(c, "pools", 0);
#define X(name, type, max) pool(&pools, #name, &m->pools[POOL_##name], sizeof(type));
    MIDGE_POOLS(X)
#undef X
    const struct midge_pool *stack = m->host.pools;
    struct claim pcbs = within(&pools, stack->name, 0);
    number(&pcbs, "in_use", stack->used);
    number(&pcbs, "high", stack->high);
    number(&pcbs, "limit", stack->limit);
    number(&pcbs, "bytes", stack->entry_bytes);
    end(&pools, &pcbs);
    end(c, &pools);
}

static void table_stats(struct claim *c, bool none) {
    const struct midge *m = &c->s->m;
    uint64_t all = 0, most = 0, cached = 0;
    for (uint32_t i = 0; i < MIDGE_CACHE_ENTRIES; i++) {
        uint64_t reached = 0;
        if (m->cache[i].generation != m->generation)
            continue;
        for (uint32_t k = 0; k < m->cache[i].count; k++) {
            const struct node *node = &m->nodes[m->cache[i].nodes[k]];
            for (index_t sub = node->plain; sub != 0; sub = m->subscriptions[sub].next)
                reached++;
            for (index_t g = node->groups; g != 0; g = m->groups[g].next)
                reached++;
        }
        cached++;
        all += reached;
        most = reached > most ? reached : most;
    }
    level(c, "num_subscriptions", none ? 0 : m->pools[POOL_subscriptions].used);
    level(c, "num_cache", none ? 0 : cached);
    level(c, "num_inserts", none ? 0 : m->subs_inserted);
    level(c, "num_removes", none ? 0 : m->subs_removed);
    level(c, "num_matches", none ? 0 : m->matches);
    bool hits = !none && m->matches > 0;
    fraction(c, "cache_hit_rate", hits ? (double)m->cache_hits / (double)m->matches : 0, 1.1e-6);
    level(c, "max_fanout", none ? 0 : most);
    fraction(c, "avg_fanout", none || cached == 0 ? 0 : (double)all / (double)cached, 1.1e-6);
}

// ---- Subscriptions ------------------------------------------------------------------------------

static bool is_live(const struct midge *m, uint32_t i) {
    return m->subscriptions[i].home != 0;
}

static void subscription(struct claim *c, uint32_t i, bool accounts) {
    const struct midge *m = &c->s->m;
    const struct sub *sub = &m->subscriptions[i];
    uint8_t bytes[MIDGE_CONTROL_LINE_MAX + 1];
    uint32_t n = subs_subject(m, (index_t)i, bytes, sizeof bytes - 1);
    if (accounts) {
        text(c, "account", "$G");
        text(c, "account_tag", "$G");
    }
    text(c, "subject", as_shown(bytes, n));
    n = subs_queue(m, (index_t)i, bytes, sizeof bytes - 1);
    text_if(c, "qgroup", as_shown(bytes, n));
    n = subs_sid(m, (index_t)i, bytes, sizeof bytes - 1);
    text(c, "sid", as_shown(bytes, n));
    number(c, "msgs", sub->delivered);
    number_if(c, "max", sub->max);
    number(c, "cid", m->connections[sub->owner].cid);
}

static void subsz(struct claim *c, const struct question *q) {
    const struct midge *m = &c->s->m;
    text(c, "server_id", midge_id(m));
    now(c);
    table_stats(c, q->other_account);
    uint32_t matching = 0, shown = 0;
    uint32_t list = tree_member(&tree, c->object, "subscriptions_list");
    uint32_t element = tree.branch[list].first;
    for (uint32_t i = 1; i <= m->pools[POOL_subscriptions].fresh && q->subs; i++) {
        uint8_t subject[MIDGE_CONTROL_LINE_MAX + 1];
        if (!is_live(m, i) || q->other_account)
            continue;
        subject[subs_subject(m, (index_t)i, subject, sizeof subject - 1)] = '\0';
        if (q->test[0] != '\0' && !subjects_match((const char *)subject, q->test))
            continue;
        if (matching++ < q->offset || shown == q->limit)
            continue;
        shown++;
        if (!c->still)
            continue;
        check(c, element != 0, "list", "subscriptions_list");
        struct claim inner = within(c, NULL, element);
        subscription(&inner, i, true);
        end(c, &inner);
        c->claimed--;  // an element is no member
        element = tree.branch[element].next;
    }
    level(c, "total", matching);
    number(c, "offset", q->offset);
    number(c, "limit", q->limit);
    c->claimed += list != 0;
    if (c->still)
        check(c, tree.branch[list].size == shown && element == 0, "list", "subscriptions_list");
}

// ---- Connections --------------------------------------------------------------------------------

const char *const inspector_sorts[INSPECTOR_SORTS] = {
    "",           "cid",  "start", "subs",   "pending", "msgs_to", "msgs_from", "bytes_to",
    "bytes_from", "last", "idle",  "uptime", "rtt",     "stop",    "reason"};

// One that is shown, or might be.
struct shown {
    const struct facts *facts;
    uint64_t active_us, stopped_us;
    uint32_t pending, reason;
    uint32_t slot;  // of an open one
};

static int compare(const struct moment *begun, uint32_t sort, const struct shown *a,
                   const struct shown *b) {
#define KEY(x) ((x)->facts)
    uint64_t x = 0, y = 0;
    int order = -1;  // descending
    switch (sort) {
    case 3:
        x = KEY(a)->subs_count, y = KEY(b)->subs_count;
        break;
    case 4:
        x = a->pending, y = b->pending;
        break;
    case 5:
        x = KEY(a)->out_msgs, y = KEY(b)->out_msgs;
        break;
    case 6:
        x = KEY(a)->in_msgs, y = KEY(b)->in_msgs;
        break;
    case 7:
        x = KEY(a)->out_bytes, y = KEY(b)->out_bytes;
        break;
    case 8:
        x = KEY(a)->in_bytes, y = KEY(b)->in_bytes;
        break;
    case 9:
        x = a->active_us, y = b->active_us;
        break;
    case 10:
        x = a->active_us, y = b->active_us, order = 1;
        break;
    case 11:
        x = (a->stopped_us ? a->stopped_us : begun->us) - KEY(a)->started_us;
        y = (b->stopped_us ? b->stopped_us : begun->us) - KEY(b)->started_us;
        order = 1;
        break;
    case 12:
        x = KEY(a)->rtt_us, y = KEY(b)->rtt_us;
        break;
    case 13:
        x = a->stopped_us, y = b->stopped_us;
        break;
    case 14:
        order = 1;
        x = (uint64_t)(128 + strcmp(reason_text((int)a->reason), reason_text((int)b->reason)));
        y = 128;
        break;
    default:
        break;
    }
#undef KEY
    if (x != y)
        return (x < y ? -1 : 1) * order;
    return a->facts->cid < b->facts->cid ? -1 : 1;
}

static uint32_t gather(const struct claim *c, const struct question *q, struct shown *all) {
    const struct midge *m = &c->s->m;
    uint32_t n = 0;
    for (uint32_t i = 1; q->open && i <= m->pools[POOL_connections].fresh; i++) {
        const struct conn *conn = &m->connections[i];
        if (conn->cid == 0 || conn->kind != MIDGE_CLIENT || (conn->flags & CONN_GONE))
            continue;
        all[n++] =
            (struct shown){.facts = &conn->facts,
                           .active_us = conn->active_us > conn->delivered_us ? conn->active_us
                                                                             : conn->delivered_us,
                           .pending = conn->out.bytes,
                           .slot = i};
    }
    uint32_t kept = m->closed_count;
    if (kept > m->config->max_closed_clients)
        kept = m->config->max_closed_clients;
    for (uint32_t back = 1; q->closed && back <= kept && back <= MIDGE_CLOSED_MAX; back++) {
        const struct ended *e =
            &m->closed[(m->closed_next + MIDGE_CLOSED_MAX + 1 - back) % (MIDGE_CLOSED_MAX + 1)];
        all[n++] = (struct shown){.facts = &e->facts,
                                  .active_us = e->facts.active_us,
                                  .stopped_us = e->facts.delivered_us,
                                  .pending = e->pending_bytes,
                                  .reason = e->reason};
    }
    return n;
}

static bool is_wanted(const struct claim *c, const struct question *q, const struct shown *s) {
    if (q->cid != 0)
        return s->facts->cid == q->cid;
    return q->user[0] == '\0' ||
           (s->facts->login != 0 && text_equals(&c->s->m, s->facts->login, (const uint8_t *)q->user,
                                                (uint32_t)strlen(q->user)));
}

static void subjects_of(struct claim *c, const struct shown *s, bool detail) {
    const char *key = detail ? "subscriptions_list_detail" : "subscriptions_list";
    const struct midge *m = &c->s->m;
    uint32_t list = tree_member(&tree, c->object, key);
    uint32_t element = tree.branch[list].first;
    index_t sub = s->slot != 0 ? m->connections[s->slot].subs : 0;
    c->claimed += list != 0;
    for (; sub != 0; sub = m->subscriptions[sub].owner_next) {
        check(c, element != 0, "list", key);
        if (detail) {
            struct claim inner = within(c, NULL, element);
            subscription(&inner, sub, false);
            end(c, &inner);
            c->claimed--;
        } else {
            uint8_t subject[MIDGE_CONTROL_LINE_MAX + 1];
            uint32_t n = subs_subject(m, sub, subject, sizeof subject);
            check(c, tree_is(&tree, element, as_shown(subject, n)), "list", key);
        }
        element = tree.branch[element].next;
    }
    check(c, element == 0, "list", key);
}

static void connection(struct claim *c, const struct question *q, const struct shown *s) {
    const struct facts *f = s->facts;
    struct words w = {0};
    number(c, "cid", f->cid);
    text(c, "kind", "Client");
    text(c, "type", "nats");
    words_add_address(&w, f->peer.ip, f->peer.ip_bytes);
    text(c, "ip", w.text);
    number(c, "port", f->peer.port);
    moment(c, "start", f->started_us);
    moment(c, "last_activity", s->active_us);
    if (s->stopped_us != 0) {
        moment(c, "stop", s->stopped_us);
        text(c, "reason", reason_text((int)s->reason));
    }
    w.n = 0;
    words_add_duration(&w, f->rtt_us);
    text(c, "rtt", w.text);
    age(c, "uptime", f->started_us, s->stopped_us);
    age(c, "idle", s->active_us, s->stopped_us);
    // A PING may have come and gone while the page was written.
    uint64_t pending = tree_count(&tree, tree_member(&tree, c->object, "pending_bytes"));
    number(c, "pending_bytes", s->pending + (pending == s->pending + 6 ? 6 : 0));
    number(c, "in_msgs", f->in_msgs);
    number(c, "out_msgs", f->out_msgs);
    number(c, "in_bytes", f->in_bytes);
    number(c, "out_bytes", f->out_bytes);
    number_if(c, "stalls", f->stalls);
    number(c, "subscriptions", f->subs_count);
    given(c, "name", f->name);
    given(c, "lang", f->lang);
    given(c, "version", f->version);
    if (q->auth)
        given(c, "authorized_user", f->login);
    if (q->auth && s->stopped_us == 0)
        text(c, "name_tag", "$G");
    if (q->subs)
        subjects_of(c, s, false);
    if (q->detail)
        subjects_of(c, s, true);
}

static void connz(struct claim *c, const struct question *q) {
    static struct shown all[MIDGE_CONNECTIONS_MAX + MIDGE_CLOSED_MAX + 2];
    uint32_t count = q->other_account ? 0 : gather(c, q, all), wanted = 0;
    uint32_t total = count;
    for (uint32_t i = 0; i < count; i++) {
        if (is_wanted(c, q, &all[i]))
            all[wanted++] = all[i];
    }
    for (uint32_t i = 1; i < wanted; i++) {
        for (uint32_t k = i; k > 0 && compare(c->begun, q->sort, &all[k], &all[k - 1]) < 0; k--) {
            struct shown one = all[k];
            all[k] = all[k - 1];
            all[k - 1] = one;
        }
    }
    uint64_t limit = q->cid != 0 ? 1 : q->limit;
    uint32_t skip = q->offset < wanted ? (uint32_t)q->offset : wanted;
    uint32_t n = wanted - skip < limit ? wanted - skip : (uint32_t)limit;
    text(c, "server_id", midge_id(&c->s->m));
    now(c);
    level(c, "num_connections", n);
    level(c, "total", total);
    number(c, "offset", q->offset);
    number(c, "limit", limit);
    uint32_t list = take(c, "connections");
    check(c, tree.branch[list].type == TREE_ARRAY, "list", "connections");
    if (!c->still)
        return;
    uint32_t element = tree.branch[list].first;
    for (uint32_t i = skip; i < skip + n && c->wrong == NULL; i++) {
        check(c, element != 0, "list", "connections");
        struct claim inner = within(c, NULL, element);
        connection(&inner, q, &all[i]);
        end(c, &inner);
        c->claimed--;
        element = tree.branch[element].next;
    }
    check(c, element == 0, "list", "connections");
}

// ---- What is always the same --------------------------------------------------------------------

static void traffic(struct claim *outer, const char *key, uint64_t msgs, uint64_t bytes) {
    struct claim c = within(outer, key, 0);
    level(&c, "msgs", msgs);
    level(&c, "bytes", bytes);
    ZEROS(&c, "gateways", "msgs", "bytes");
    ZEROS(&c, "routes", "msgs", "bytes");
    ZEROS(&c, "leafs", "msgs", "bytes");
    end(outer, &c);
}

static void account(struct claim *outer) {
    const struct midge *m = &outer->s->m;
    struct claim c = within(outer, "account_detail", 0);
    text(&c, "account_name", "$G");
    moment(&c, "update_time", m->started_us);
    truth(&c, "expired", false);
    truth(&c, "complete", true);
    truth(&c, "jetstream_enabled", false);
    number(&c, "leafnode_connections", 0);
    level(&c, "client_connections", m->open[MIDGE_CLIENT]);
    level(&c, "subscriptions", m->pools[POOL_subscriptions].used);
    text(&c, "name_tag", "$G");
    struct claim stats = within(&c, "sublist_stats", 0);
    table_stats(&stats, false);
    end(&c, &stats);
    end(outer, &c);
}

static void accstatz(struct claim *c, const struct question *q) {
    const struct midge *m = &c->s->m;
    uint32_t list = take(c, "account_statz");
    bool shown = m->open[MIDGE_CLIENT] > 0 || q->unused;
    if (c->still)
        check(c, tree.branch[list].size == shown, "list", "account_statz");
    if (tree.branch[list].size == 0)
        return;
    struct claim one = within(c, NULL, tree.branch[list].first);
    text(&one, "acc", "$G");
    text(&one, "name", "$G");
    level(&one, "conns", m->open[MIDGE_CLIENT]);
    number(&one, "leafnodes", 0);
    level(&one, "total_conns", m->open[MIDGE_CLIENT]);
    level(&one, "num_subscriptions", m->pools[POOL_subscriptions].used);
    traffic(&one, "sent", m->out_msgs, m->out_bytes);
    traffic(&one, "received", m->in_msgs, m->in_bytes);
    level(&one, "slow_consumers", m->slow_consumers);
    end(c, &one);
    c->claimed--;
}

static void jsz(struct claim *c) {
    static const char *const nothing[] = {
        "memory",    "storage", "reserved_memory", "reserved_storage", "accounts",
        "ha_assets", "streams", "consumers",       "messages",         "bytes",
        "total"};
    for (uint32_t i = 0; i < sizeof nothing / sizeof nothing[0]; i++)
        number(c, nothing[i], 0);
    ZEROS(c, "api", "level", "total", "errors");
    ZEROS(c, "config", "max_memory", "max_storage");
    truth(c, "disabled", true);
}

static void others(struct claim *c, const struct question *q) {
    const struct midge *m = &c->s->m;
    text(c, "server_id", midge_id(m));
    now(c);
    uint32_t list;
    switch (q->page) {
    case PAGE_ACCOUNTZ:
        list = take(c, "accounts");
        check(c, tree.branch[list].size == 1 && tree_is(&tree, tree.branch[list].first, "$G"),
              "list", "accounts");
        break;
    case PAGE_ACCOUNT:
        account(c);
        break;
    case PAGE_ACCSTATZ:
        accstatz(c, q);
        break;
    case PAGE_JSZ:
        jsz(c);
        break;
    case PAGE_ROUTEZ:
        text(c, "server_name", midge_config_text(m->config, m->config->server_name));
        number(c, "num_routes", 0);
        empty(c, "routes", TREE_ARRAY);
        break;
    case PAGE_LEAFZ:
        number(c, "leafnodes", 0);
        empty(c, "leafs", TREE_ARRAY);
        break;
    default:
        empty(c, "outbound_gateways", TREE_OBJECT);
        empty(c, "inbound_gateways", TREE_OBJECT);
    }
}

// ---- The root -----------------------------------------------------------------------------------

static const char *root(const char *body, uint32_t n) {
    static const char *const links[][2] = {
        {"accountz", "Accounts"}, {"accstatz", "Account stats"}, {"connz", "Connections"},
        {"gatewayz", "Gateways"}, {"healthz", "Health"},         {"jsz", "JetStream"},
        {"leafz", "Leaf nodes"},  {"routez", "Routes"},          {"subsz", "Subscriptions"},
        {"varz", "General"}};
    struct words w = {0};
    words_add(&w,
              "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
              "<title>Midge</title>\n</head>\n<body>\n<h1>Midge %s</h1>\n",
              MIDGE_VERSION);
    for (uint32_t i = 0; i < sizeof links / sizeof links[0]; i++)
        words_add(&w, "<p><a href=\"/%s\">%s</a></p>\n", links[i][0], links[i][1]);
    words_add(&w, "</body>\n</html>\n");
    return n == w.n && memcmp(body, w.text, n) == 0 ? NULL : "the page of links is another";
}

const char *inspector_judge(const struct site *s, const struct question *q,
                            const struct moment *begun, const char *body, uint32_t n) {
    struct moment present;
    if (q->page == PAGE_ROOT)
        return root(body, n);
    if (!tree_read(&tree, body, n))
        return "a page that is no JSON";
    inspector_look(s, &present);
    // What a reload has changed may have been written before it, or after.
    if (present.reloads != begun->reloads)
        return NULL;
    struct moment timeless = present;
    timeless.us = begun->us;
    timeless.wall_us = begun->wall_us;
    // The request itself is counted.
    timeless.requests -= timeless.requests > begun->requests;
    struct claim c = {.s = s,
                      .begun = begun,
                      .now = &present,
                      .object = 1,
                      .still = memcmp(&timeless, begun, sizeof timeless) == 0};
    if (q->page == PAGE_VARZ)
        varz(&c);
    else if (q->page == PAGE_CONNZ)
        connz(&c, q);
    else if (q->page == PAGE_SUBSZ)
        subsz(&c, q);
    else
        others(&c, q);
    struct claim whole = c;
    end(&whole, &c);
    return whole.wrong;
}
