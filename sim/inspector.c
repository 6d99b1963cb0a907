#include "sim/inspector.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "broker/core/reason.h"
#include "sim/claim.h"
#include "sim/tree.h"
#include "sim/words.h"
#include "sim/world.h"

static struct tree tree;

// ---- Pages --------------------------------------------------------------------------------------

static void by_kind(struct claim *outer, const char *key, uint64_t clients) {
    struct claim c = claim_within(outer, key, 0);
    claim_level(&c, "clients", clients);
    claim_number(&c, "routes", 0);
    claim_number(&c, "gateways", 0);
    claim_number(&c, "leafs", 0);
    claim_end(outer, &c);
}

static void pool(struct claim *pools, const char *name, const struct pool *p, uint32_t bytes) {
    struct claim c = claim_within(pools, name, 0);
    // The answer itself lies in blocks, and for a while they may be scarce.
    c.still &= p != &c.s->m.pools[POOL_blocks];
    claim_level(&c, "in_use", p->used);
    claim_level(&c, "high", p->high);
    claim_level(&c, "limit", p->limit);
    claim_number(&c, "bytes", bytes);
    claim_end(pools, &c);
}

static void varz(struct claim *c) {
    static const char *const unused[] = {"cluster", "gateway",   "leaf",
                                         "mqtt",    "websocket", "jetstream"};
    const struct midge *m = &c->s->m;
    const struct midge_config *config = m->config;
    const struct moment *a = c->begun, *b = c->now;
    claim_text(c, "server_id", midge_id(m));
    claim_text(c, "server_name", midge_config_text(config, config->server_name));
    claim_text(c, "version", MIDGE_NATS_VERSION);
    claim_number(c, "proto", 1);
    claim_text(c, "go", "sim");
    claim_text(c, "host", "0.0.0.0");
    claim_number(c, "port", 4222);
    if (c->s->rights.users > 0)
        claim_truth(c, "auth_required", true);
    claim_number(c, "max_connections", config->max_connections);
    claim_number_if(c, "max_subscriptions", config->max_subscriptions);
    claim_number(c, "ping_interval", config->ping_interval_ms * 1000000ull);
    claim_number(c, "ping_max", config->ping_max);
    claim_text(c, "http_host", midge_config_text(config, config->http_host));
    claim_number(c, "http_port", 8222);
    claim_text(c, "http_base_path", midge_config_text(config, config->http_base_path));
    claim_number(c, "https_port", 0);
    claim_fraction(c, "auth_timeout", (double)config->auth_timeout_ms / 1000, 0.0005);
    claim_number(c, "max_control_line", config->max_control_line);
    claim_number(c, "max_payload", config->max_payload);
    claim_number(c, "max_pending", config->max_pending);
    for (uint32_t i = 0; i < 6; i++)
        claim_empty(c, unused[i], TREE_OBJECT);
    claim_number(c, "tls_timeout", 2);
    claim_number(c, "write_deadline", config->write_deadline_ms * 1000000ull);
    claim_moment(c, "start", m->started_us);
    claim_now(c);
    claim_age(c, "uptime", m->started_us, 0);
    claim_number(c, "mem", m->host.rss_bytes);
    claim_number(c, "cores", m->host.cores);
    claim_number(c, "gomaxprocs", 1);
    claim_fraction(c, "cpu", m->host.cpu_permille / 10.0, 0.05);
    claim_level(c, "connections", m->open[MIDGE_CLIENT]);
    claim_level(c, "total_connections", m->total_connections);
    claim_number(c, "routes", 0);
    claim_number(c, "remotes", 0);
    claim_number(c, "leafnodes", 0);
    claim_counter(c, "in_msgs", a->in_msgs, b->in_msgs);
    claim_counter(c, "in_bytes", a->in_bytes, b->in_bytes);
    claim_counter(c, "in_client_msgs", a->in_msgs, b->in_msgs);
    claim_counter(c, "in_client_bytes", a->in_bytes, b->in_bytes);
    claim_counter(c, "out_msgs", a->out_msgs, b->out_msgs);
    claim_counter(c, "out_bytes", a->out_bytes, b->out_bytes);
    claim_counter(c, "out_client_msgs", a->out_msgs, b->out_msgs);
    claim_counter(c, "out_client_bytes", a->out_bytes, b->out_bytes);
    claim_level(c, "slow_consumers", m->slow_consumers);
    claim_level(c, "stale_connections", m->stale_connections);
    claim_counter(c, "stalled_clients", a->stalls, b->stalls);
    claim_level(c, "subscriptions", m->pools[POOL_subscriptions].used);
    struct claim requests = claim_within(c, "http_req_stats", 0);
    static const char *const paths[] = {"/connz",    "/healthz",  "/subsz",    "/varz",
                                        "/accountz", "/accstatz", "/gatewayz", "/jsz",
                                        "/leafz",    "/routez",   "/"};
    for (uint32_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        claim_level_if(&requests, paths[i], m->http_requests[i]);
    claim_end(c, &requests);
    claim_day(c, "config_load_time", config->loaded_wall_us);
    claim_text(c, "config_digest", config->digest);
    by_kind(c, "slow_consumer_stats", m->slow_consumers);
    by_kind(c, "stale_connection_stats", m->stale_connections);
    CLAIM_ZEROS(c, "disk_io_wait_stats", "waiters", "waits", "wait_time", "max_wait_time");
    struct claim pools = claim_within(c, "pools", 0);
#define X(name, type, max) pool(&pools, #name, &m->pools[POOL_##name], sizeof(type));
    MIDGE_POOLS(X)
#undef X
    const struct midge_pool *stack = m->host.pools;
    struct claim pcbs = claim_within(&pools, stack->name, 0);
    claim_number(&pcbs, "in_use", stack->used);
    claim_number(&pcbs, "high", stack->high);
    claim_number(&pcbs, "limit", stack->limit);
    claim_number(&pcbs, "bytes", stack->entry_bytes);
    claim_end(&pools, &pcbs);
    claim_end(c, &pools);
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
    claim_level(c, "num_subscriptions", none ? 0 : m->pools[POOL_subscriptions].used);
    claim_level(c, "num_cache", none ? 0 : cached);
    claim_level(c, "num_inserts", none ? 0 : m->subs_inserted);
    claim_level(c, "num_removes", none ? 0 : m->subs_removed);
    claim_level(c, "num_matches", none ? 0 : m->matches);
    bool hits = !none && m->matches > 0;
    claim_fraction(c, "cache_hit_rate", hits ? (double)m->cache_hits / (double)m->matches : 0,
                   1.1e-6);
    claim_level(c, "max_fanout", none ? 0 : most);
    claim_fraction(c, "avg_fanout", none || cached == 0 ? 0 : (double)all / (double)cached, 1.1e-6);
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
        claim_text(c, "account", "$G");
        claim_text(c, "account_tag", "$G");
    }
    claim_text(c, "subject", claim_shown(bytes, n));
    n = subs_queue(m, (index_t)i, bytes, sizeof bytes - 1);
    claim_text_if(c, "qgroup", claim_shown(bytes, n));
    n = subs_sid(m, (index_t)i, bytes, sizeof bytes - 1);
    claim_text(c, "sid", claim_shown(bytes, n));
    claim_number(c, "msgs", sub->delivered);
    claim_number_if(c, "max", sub->max);
    claim_number(c, "cid", m->connections[sub->owner].cid);
}

static void subsz(struct claim *c, const struct question *q) {
    const struct midge *m = &c->s->m;
    claim_text(c, "server_id", midge_id(m));
    claim_now(c);
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
        claim_check(c, element != 0, "list", "subscriptions_list");
        struct claim inner = claim_within(c, NULL, element);
        subscription(&inner, i, true);
        claim_end(c, &inner);
        c->claimed--;  // an element is no member
        element = tree.branch[element].next;
    }
    claim_level(c, "total", matching);
    claim_number(c, "offset", q->offset);
    claim_number(c, "limit", q->limit);
    c->claimed += list != 0;
    if (c->still)
        claim_check(c, tree.branch[list].size == shown && element == 0, "list",
                    "subscriptions_list");
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
        claim_check(c, element != 0, "list", key);
        if (detail) {
            struct claim inner = claim_within(c, NULL, element);
            subscription(&inner, sub, false);
            claim_end(c, &inner);
            c->claimed--;
        } else {
            uint8_t subject[MIDGE_CONTROL_LINE_MAX + 1];
            uint32_t n = subs_subject(m, sub, subject, sizeof subject);
            claim_check(c, tree_is(&tree, element, claim_shown(subject, n)), "list", key);
        }
        element = tree.branch[element].next;
    }
    claim_check(c, element == 0, "list", key);
}

static void connection(struct claim *c, const struct question *q, const struct shown *s) {
    const struct facts *f = s->facts;
    struct words w = {0};
    claim_number(c, "cid", f->cid);
    claim_text(c, "kind", "Client");
    claim_text(c, "type", "nats");
    words_add_address(&w, f->peer.ip, f->peer.ip_bytes);
    claim_text(c, "ip", w.text);
    claim_number(c, "port", f->peer.port);
    claim_moment(c, "start", f->started_us);
    claim_moment(c, "last_activity", s->active_us);
    if (s->stopped_us != 0) {
        claim_moment(c, "stop", s->stopped_us);
        claim_text(c, "reason", reason_text((int)s->reason));
    }
    w.n = 0;
    words_add_duration(&w, f->rtt_us);
    claim_text(c, "rtt", w.text);
    claim_age(c, "uptime", f->started_us, s->stopped_us);
    claim_age(c, "idle", s->active_us, s->stopped_us);
    // A PING may have come and gone while the page was written.
    uint64_t pending = tree_count(&tree, tree_member(&tree, c->object, "pending_bytes"));
    claim_number(c, "pending_bytes", s->pending + (pending == s->pending + 6 ? 6 : 0));
    claim_number(c, "in_msgs", f->in_msgs);
    claim_number(c, "out_msgs", f->out_msgs);
    claim_number(c, "in_bytes", f->in_bytes);
    claim_number(c, "out_bytes", f->out_bytes);
    claim_number_if(c, "stalls", f->stalls);
    claim_number(c, "subscriptions", f->subs_count);
    claim_given(c, "name", f->name);
    claim_given(c, "lang", f->lang);
    claim_given(c, "version", f->version);
    if (q->auth)
        claim_given(c, "authorized_user", f->login);
    if (q->auth && s->stopped_us == 0)
        claim_text(c, "name_tag", "$G");
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
    claim_text(c, "server_id", midge_id(&c->s->m));
    claim_now(c);
    claim_level(c, "num_connections", n);
    claim_level(c, "total", total);
    claim_number(c, "offset", q->offset);
    claim_number(c, "limit", limit);
    uint32_t list = claim_take(c, "connections");
    claim_check(c, tree.branch[list].type == TREE_ARRAY, "list", "connections");
    if (!c->still)
        return;
    uint32_t element = tree.branch[list].first;
    for (uint32_t i = skip; i < skip + n && c->wrong == NULL; i++) {
        claim_check(c, element != 0, "list", "connections");
        struct claim inner = claim_within(c, NULL, element);
        connection(&inner, q, &all[i]);
        claim_end(c, &inner);
        c->claimed--;
        element = tree.branch[element].next;
    }
    claim_check(c, element == 0, "list", "connections");
}

// ---- What is always the same --------------------------------------------------------------------

static void traffic(struct claim *outer, const char *key, uint64_t msgs, uint64_t bytes) {
    struct claim c = claim_within(outer, key, 0);
    claim_level(&c, "msgs", msgs);
    claim_level(&c, "bytes", bytes);
    CLAIM_ZEROS(&c, "gateways", "msgs", "bytes");
    CLAIM_ZEROS(&c, "routes", "msgs", "bytes");
    CLAIM_ZEROS(&c, "leafs", "msgs", "bytes");
    claim_end(outer, &c);
}

static void account(struct claim *outer) {
    const struct midge *m = &outer->s->m;
    struct claim c = claim_within(outer, "account_detail", 0);
    claim_text(&c, "account_name", "$G");
    claim_moment(&c, "update_time", m->started_us);
    claim_truth(&c, "expired", false);
    claim_truth(&c, "complete", true);
    claim_truth(&c, "jetstream_enabled", false);
    claim_number(&c, "leafnode_connections", 0);
    claim_level(&c, "client_connections", m->open[MIDGE_CLIENT]);
    claim_level(&c, "subscriptions", m->pools[POOL_subscriptions].used);
    claim_text(&c, "name_tag", "$G");
    struct claim stats = claim_within(&c, "sublist_stats", 0);
    table_stats(&stats, false);
    claim_end(&c, &stats);
    claim_end(outer, &c);
}

static void accstatz(struct claim *c, const struct question *q) {
    const struct midge *m = &c->s->m;
    uint32_t list = claim_take(c, "account_statz");
    bool shown = m->open[MIDGE_CLIENT] > 0 || q->unused;
    if (c->still)
        claim_check(c, tree.branch[list].size == shown, "list", "account_statz");
    if (tree.branch[list].size == 0)
        return;
    struct claim one = claim_within(c, NULL, tree.branch[list].first);
    claim_text(&one, "acc", "$G");
    claim_text(&one, "name", "$G");
    claim_level(&one, "conns", m->open[MIDGE_CLIENT]);
    claim_number(&one, "leafnodes", 0);
    claim_level(&one, "total_conns", m->open[MIDGE_CLIENT]);
    claim_level(&one, "num_subscriptions", m->pools[POOL_subscriptions].used);
    traffic(&one, "sent", m->out_msgs, m->out_bytes);
    traffic(&one, "received", m->in_msgs, m->in_bytes);
    claim_level(&one, "slow_consumers", m->slow_consumers);
    claim_end(c, &one);
    c->claimed--;
}

static void jsz(struct claim *c) {
    static const char *const nothing[] = {
        "memory",    "storage", "reserved_memory", "reserved_storage", "accounts",
        "ha_assets", "streams", "consumers",       "messages",         "bytes",
        "total"};
    for (uint32_t i = 0; i < sizeof nothing / sizeof nothing[0]; i++)
        claim_number(c, nothing[i], 0);
    CLAIM_ZEROS(c, "api", "level", "total", "errors");
    CLAIM_ZEROS(c, "config", "max_memory", "max_storage");
    claim_truth(c, "disabled", true);
}

static void others(struct claim *c, const struct question *q) {
    const struct midge *m = &c->s->m;
    claim_text(c, "server_id", midge_id(m));
    claim_now(c);
    uint32_t list;
    switch (q->page) {
    case PAGE_ACCOUNTZ:
        list = claim_take(c, "accounts");
        claim_check(c, tree.branch[list].size == 1 && tree_is(&tree, tree.branch[list].first, "$G"),
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
        claim_text(c, "server_name", midge_config_text(m->config, m->config->server_name));
        claim_number(c, "num_routes", 0);
        claim_empty(c, "routes", TREE_ARRAY);
        break;
    case PAGE_LEAFZ:
        claim_number(c, "leafnodes", 0);
        claim_empty(c, "leafs", TREE_ARRAY);
        break;
    default:
        claim_empty(c, "outbound_gateways", TREE_OBJECT);
        claim_empty(c, "inbound_gateways", TREE_OBJECT);
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
    moment_look(s, &present);
    // What a reload has changed may have been written before it, or after.
    if (present.reloads != begun->reloads)
        return NULL;
    struct moment timeless = present;
    timeless.us = begun->us;
    timeless.wall_us = begun->wall_us;
    // The request itself is counted.
    timeless.requests -= timeless.requests > begun->requests;
    struct claim c = {.s = s,
                      .tree = &tree,
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
    claim_end(&whole, &c);
    return whole.wrong;
}
