#include "broker/ops/content.h"

#include "broker/core/midge.h"
#include "broker/core/reason.h"
#include "broker/core/subject.h"
#include "broker/ops/connz.h"
#include "broker/ops/endpoint.h"

// Subscriptions looked at to say how many a publication of a remembered subject reaches.
#define FANOUT_STEPS 16384

#define LIMIT_DEFAULT 1024

static const struct {
    const char *name;
    uint32_t entry_bytes;
} pools[POOL_COUNT] = {
#define X(name, type, max) {#name, sizeof(type)},
    MIDGE_POOLS(X)
#undef X
};

// ---- Subscriptions ------------------------------------------------------------------------------

static bool is_live(const struct midge *m, index_t sub) {
    return sub != 0 && m->subscriptions[sub].home != 0;
}

// The subscription at the cursor; NULL where it was removed, and perhaps another client has its
// place.
static const struct sub *sub_shown(const struct answer *a) {
    const struct monitor_state *s = &a->c->monitor;
    const struct sub *sub = &a->m->subscriptions[s->sub];
    bool of_table = s->endpoint == 1 + ENDPOINT_SUBSZ;
    return is_live(a->m, s->sub) && (of_table || sub->owner == s->item) ? sub : NULL;
}

// The subscriptions of the connection that is being shown. Where the one shown last was removed
// meanwhile, the list ends with it.
static enum progress next_owned(struct answer *a) {
    struct monitor_state *s = &a->c->monitor;
    const struct conn *owner = &a->m->connections[s->item < FACTS_CLOSED ? s->item : 0];
    if (s->sub == 0) {
        s->subs_left = owner->cid == s->cid ? owner->subs_count : 0;
        s->sub = owner->subs;
    } else {
        const struct sub *shown = sub_shown(a);
        s->sub = shown != NULL ? shown->owner_next : 0;
    }
    if (s->sub == 0 || s->subs_left == 0) {
        s->sub = 0;
        return PROGRESS_END;
    }
    s->subs_left--;
    return PROGRESS_DONE;
}

// Whether a subscription matches the subject that /subsz is asked to test.
static bool is_tested(struct answer *a, index_t sub, const char *test) {
    if (*test == '\0')
        return true;
    uint8_t *subject = a->m->line;
    uint32_t n = subs_subject(a->m, sub, subject, sizeof a->m->line);
    return subject_covers(subject, n, (const uint8_t *)test, (uint32_t)strlen(test));
}

// The next one of the whole table that is to be shown.
static enum progress next_of_table(struct answer *a) {
    struct monitor_state *s = &a->c->monitor;
    const char *test = answer_parameter(a, "test");
    while (s->sub < a->m->pools[POOL_subscriptions].fresh) {
        if (!document_work(a->m, 1))
            return PROGRESS_LATER;
        if (is_live(a->m, ++s->sub) && is_tested(a, s->sub, test))
            return PROGRESS_DONE;
    }
    return PROGRESS_END;
}

static enum progress next_in_table(struct answer *a) {
    struct monitor_state *s = &a->c->monitor;
    enum progress progress = PROGRESS_DONE;
    for (; s->skip > 0 && progress == PROGRESS_DONE; s->skip -= progress == PROGRESS_DONE)
        progress = next_of_table(a);
    if (s->left == 0)
        return PROGRESS_END;
    if (progress == PROGRESS_DONE)
        progress = next_of_table(a);
    s->left -= progress == PROGRESS_DONE;
    return progress;
}

static enum progress begin_table(struct answer *a) {
    struct monitor_state *s = &a->c->monitor;
    if (!(s->flags & SHOW_SUBS))
        return PROGRESS_DONE;
    if (*answer_parameter(a, "test") == '\0') {
        s->total = a->m->pools[POOL_subscriptions].used;
    } else {
        enum progress progress;
        while ((progress = next_of_table(a)) == PROGRESS_DONE)
            s->total++;
        if (progress == PROGRESS_LATER)
            return progress;
    }
    s->sub = 0;
    s->skip = a->offset < s->total ? (uint32_t)a->offset : s->total;
    s->left = a->limit < s->total - s->skip ? (uint32_t)a->limit : s->total - s->skip;
    return PROGRESS_DONE;
}

// ---- Lists --------------------------------------------------------------------------------------

// Lists with an index: whether there is an element i, and whether it is to be shown.
static bool has_element(const struct answer *a, uint32_t what, uint32_t i, bool *shown) {
    const struct midge *m = a->m;
    *shown = true;
    switch (what) {
    case LIST_ENDPOINTS:
        *shown = i < ENDPOINT_COUNT && endpoints[i].title != NULL;
        return i < ENDPOINT_COUNT;
    case LIST_REQUESTS:
        *shown = m->http_requests[i < ENDPOINT_COUNT ? i : 0] > 0;
        return i < ENDPOINT_COUNT;
    case LIST_TAGS:
        return i < m->config->tags_count;
    case LIST_POOLS:
        return i < POOL_COUNT;
    case LIST_STATS:
        return i < 1 && (m->open[MIDGE_CLIENT] > 0 || (a->c->monitor.flags & SHOW_UNUSED));
    default:
        return i < 1;
    }
}

static enum progress next_index(struct answer *a, uint32_t what, bool stay) {
    struct monitor_state *s = &a->c->monitor;
    bool shown = stay;
    while (!shown) {
        if (!has_element(a, what, s->index++, &shown)) {
            s->index = 0;
            return PROGRESS_END;
        }
    }
    uint32_t i = s->index - 1u;
    if (what == LIST_REQUESTS)
        a->name = endpoints[i].path;
    if (what == LIST_POOLS) {
        a->name = pools[i].name;
        a->bases[BASE_POOL] = &a->m->pools[i];
    }
    return PROGRESS_DONE;
}

enum progress content_next(struct answer *a, uint32_t what, bool stay) {
    uint8_t flags = a->c->monitor.flags;
    enum progress progress = PROGRESS_DONE;
    switch (what) {
    case LIST_CONNECTIONS:
        if (!stay)
            return connz_next(a);
        connz_stay(a);
        return PROGRESS_DONE;
    case LIST_SUBJECTS:
    case LIST_DETAILS:
        if (!(flags & (what == LIST_DETAILS ? SHOW_DETAIL : SHOW_SUBS)))
            return PROGRESS_END;
        if (!stay)
            progress = next_owned(a);
        break;
    case LIST_TABLE:
        if (!stay)
            progress = next_in_table(a);
        break;
    default:
        return next_index(a, what, stay);
    }
    if (progress == PROGRESS_DONE)
        a->bases[BASE_SUB] = sub_shown(a);
    return progress;
}

// ---- Words --------------------------------------------------------------------------------------

static const char *name_tag(const struct answer *a) {
    bool told = (a->c->monitor.flags & SHOW_AUTH) && a->facts.stopped_us == 0;
    return told ? CONTENT_ACCOUNT : "";
}

static uint32_t sub_words(struct answer *a, uint32_t what, const uint8_t **bytes) {
    struct midge *m = a->m;
    index_t sub = a->c->monitor.sub;
    *bytes = m->line;
    if (sub_shown(a) == NULL)
        return 0;
    uint32_t n = what == WORDS_SUBJECT ? subs_subject(m, sub, m->line, sizeof m->line)
                 : what == WORDS_QUEUE ? subs_queue(m, sub, m->line, sizeof m->line)
                                       : subs_sid(m, sub, m->line, sizeof m->line);
    return n < sizeof m->line ? n : (uint32_t)sizeof m->line;
}

uint32_t content_words(struct answer *a, uint32_t what, const uint8_t **bytes) {
    const struct midge_config *config = a->m->config;
    uint32_t i = a->c->monitor.index - 1u;
    struct format f = FORMAT(a->m->line);
    const char *text = "";
    switch (what) {
    case WORDS_IP:
        format_ip(&f, &a->facts.peer);
        *bytes = f.to;
        return f.n;
    case WORDS_HOST:
        *bytes = (const uint8_t *)a->address.host;
        return a->address.host_bytes;
    case WORDS_PATH:
        text = endpoints[i].path;
        break;
    case WORDS_TITLE:
        text = endpoints[i].title;
        break;
    case WORDS_SERVER_NAME:
        text = config->server_name != 0 ? midge_config_text(config, config->server_name) : a->m->id;
        break;
    case WORDS_TAG:
        text = midge_config_text(config, config->tags[i]);
        break;
    case WORDS_ACCOUNT:
        text = CONTENT_ACCOUNT;
        break;
    case WORDS_NAME_TAG:
        text = name_tag(a);
        break;
    case WORDS_REASON:
        text = a->facts.stopped_us != 0 ? reason_text(a->facts.reason) : "";
        break;
    default:
        return sub_words(a, what, bytes);
    }
    *bytes = (const uint8_t *)text;
    return (uint32_t)strlen(text);
}

// ---- Numbers ------------------------------------------------------------------------------------

struct fanout {
    uint32_t subjects;  // remembered
    uint32_t most;      // subscriptions and queue groups that one reaches
    uint32_t all;
};

static struct fanout fanout_of(const struct midge *m) {
    struct fanout fanout = {0};
    uint32_t steps = 0;
    for (uint32_t i = 0; i < MIDGE_CACHE_ENTRIES; i++) {
        const struct cached *entry = &m->cache[i];
        if (entry->generation != m->generation)
            continue;
        uint32_t reached = 0;
        for (uint32_t n = 0; n < entry->count; n++) {
            const struct node *node = &m->nodes[entry->nodes[n]];
            for (index_t s = node->plain; s != 0 && steps < FANOUT_STEPS; steps++, reached++)
                s = m->subscriptions[s].next;
            for (index_t g = node->groups; g != 0 && steps < FANOUT_STEPS; steps++, reached++)
                g = m->groups[g].next;
        }
        fanout.subjects++;
        fanout.all += reached;
        if (reached > fanout.most)
            fanout.most = reached;
    }
    return fanout;
}

static void format_ratio(struct format *f, uint64_t a, uint64_t b) {
    format_fraction(f, b == 0 ? 0 : a * 1000000 / b, 6);
}

void content_special(struct answer *a, uint32_t what, struct format *f) {
    const struct midge *m = a->m;
    const struct monitor_state *s = &a->c->monitor;
    const struct sub *sub;
    struct fanout fanout;
    switch (what) {
    case SPECIAL_TRUE:
        format_text(f, "true");
        return;
    case SPECIAL_REQUESTS:
        format_u64(f, m->http_requests[s->index - 1]);
        return;
    case SPECIAL_ENTRY_BYTES:
        format_u64(f, pools[s->index - 1].entry_bytes);
        return;
    case SPECIAL_CID:
        sub = sub_shown(a);
        format_u64(f, sub != NULL ? m->connections[sub->owner].cid : 0);
        return;
    default:
        break;
    }
    // The rest is of the table of subscriptions.
    if (a->bases[BASE_TABLE] == NULL) {
        format_char(f, '0');
        return;
    }
    fanout = fanout_of(m);
    switch (what) {
    case SPECIAL_HIT_RATE:
        format_ratio(f, m->cache_hits, m->matches);
        break;
    case SPECIAL_FANOUT_MEAN:
        format_ratio(f, fanout.all, fanout.subjects);
        break;
    default:
        format_u64(f, what == SPECIAL_FANOUT_MOST ? fanout.most : fanout.subjects);
    }
}

// ---- An answer ----------------------------------------------------------------------------------

void content_take_up(struct answer *a) {
    struct midge *m = a->m;
    const struct monitor_state *s = &a->c->monitor;
    const struct endpoint *endpoint = &endpoints[s->endpoint - 1];
    const char *account = answer_parameter(a, "acc");
    bool filtered = s->endpoint - 1 == ENDPOINT_CONNZ || s->endpoint - 1 == ENDPOINT_SUBSZ;
    bool unknown = filtered && *account != '\0' && strcmp(account, CONTENT_ACCOUNT) != 0;
    a->fields = endpoint->fields;
    a->style = (enum style)endpoint->style;
    a->bases[BASE_MIDGE] = m;
    // An account that there is not has nothing to show.
    a->bases[BASE_TABLE] = unknown ? NULL : m;
    a->bases[BASE_CONFIG] = m->config;
    a->bases[BASE_ANSWER] = a;
    a->bases[BASE_STATE] = s;
    a->bases[BASE_FACTS] = &a->facts;
    a->now_us = m->now.wall_us;
    a->auth_required = m->rooms->auth_required(m);
    (void)midge_advertised(m->config, m->host.port, &a->address);
    uint64_t cid;
    parameter_number(answer_parameter(a, "cid"), UINT64_MAX, &cid);
    parameter_number(answer_parameter(a, "offset"), INT64_MAX, &a->offset);
    parameter_number(answer_parameter(a, "limit"), INT64_MAX, &a->limit);
    if (a->limit == 0)
        a->limit = LIMIT_DEFAULT;
    if (cid != 0 && s->endpoint - 1 == ENDPOINT_CONNZ)
        a->limit = 1;
}

enum progress content_begin(struct answer *a) {
    if (a->bases[BASE_TABLE] == NULL)
        return PROGRESS_DONE;
    if (a->c->monitor.endpoint - 1 == ENDPOINT_CONNZ)
        connz_begin(a);
    if (a->c->monitor.endpoint - 1 == ENDPOINT_SUBSZ)
        return begin_table(a);
    return PROGRESS_DONE;
}
