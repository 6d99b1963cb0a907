#include "broker/ops/content.h"

#include "broker/core/chars.h"
#include "broker/core/midge.h"
#include "broker/core/reason.h"
#include "broker/core/secure.h"
#include "broker/core/subject.h"
#include "broker/ops/connz.h"
#include "broker/ops/endpoint.h"
#include "broker/ops/names.h"

// Subscriptions looked at to say how many a publication of a remembered subject reaches.
#define FANOUT_STEPS 16384

#define LIMIT_DEFAULT 1024

static bool is_of(const struct answer *a, uint32_t endpoint) {
    return a->s->endpoint == 1 + endpoint;
}

// ---- Subscriptions ------------------------------------------------------------------------------

static bool is_live(const struct midge *m, index_t sub) {
    return sub != 0 && m->subscriptions[sub].home != 0;
}

// The subscription at the cursor; NULL where it was removed, and perhaps another client has its
// place.
static const struct sub *sub_shown(const struct answer *a) {
    const struct monitor_state *s = a->s;
    const struct sub *sub = &a->m->subscriptions[s->sub];
    return is_live(a->m, s->sub) && (is_of(a, ENDPOINT_SUBSZ) || sub->owner == s->item) ? sub
                                                                                        : NULL;
}

// The subscriptions of the connection that is being shown. Where the one shown last was removed
// meanwhile, the list ends with it.
static enum progress next_owned(struct answer *a) {
    struct monitor_state *s = a->s;
    if (s->sub == 0) {
        const struct conn *owner = &a->m->connections[s->item < FACTS_CLOSED ? s->item : 0];
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
    struct monitor_state *s = a->s;
    const char *test = MIDGE_MONITOR_HUB ? answer_parameter(a, "test") : "";
    while (s->sub < a->m->pools[POOL_subscriptions].fresh) {
        if (!document_work(a->m, 1))
            return PROGRESS_LATER;
        if (is_live(a->m, ++s->sub) && is_tested(a, s->sub, test))
            return PROGRESS_DONE;
    }
    return PROGRESS_END;
}

static enum progress next_in_table(struct answer *a) {
    struct monitor_state *s = a->s;
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
    struct monitor_state *s = a->s;
    if (!(s->flags & SHOW_SUBS))
        return PROGRESS_DONE;
    if (!MIDGE_MONITOR_HUB || *answer_parameter(a, "test") == '\0') {
        s->total = a->m->pools[POOL_subscriptions].used;
    } else {
        enum progress progress;
        while ((progress = next_of_table(a)) == PROGRESS_DONE)
            s->total++;
        if (progress == PROGRESS_LATER)
            return progress;
    }
    s->sub = 0;
    content_page(a, s->total);
    return PROGRESS_DONE;
}

// ---- Lists --------------------------------------------------------------------------------------

enum element {
    ELEMENT_NONE,
    ELEMENT_PASSED_OVER,
    ELEMENT_SHOWN,
};

// The broker's pools, and behind them those that the port told of.
static enum element show_pool(struct answer *a, uint32_t i) {
#define X(name, type, max) #name "\0"
    static const char names[] = MIDGE_POOLS(X);
#undef X
#define X(name, type, max) sizeof(type),
    static const uint16_t entry_bytes[POOL_COUNT] = {MIDGE_POOLS(X)};
#undef X
    const struct midge *m = a->m;
    if (i < POOL_COUNT) {
        const struct pool *pool = &m->pools[i];
        a->pool = (struct midge_pool){names_at(names, i), entry_bytes[i], pool->limit, pool->used,
                                      pool->high};
    } else if (i - POOL_COUNT < m->host.pools_count) {
        a->pool = m->host.pools[i - POOL_COUNT];
    } else {
        return ELEMENT_NONE;
    }
    a->name = a->pool.name;
    return ELEMENT_SHOWN;
}

#if MIDGE_HTTPS

// The certificate with this index that the connection being told of has shown, if it is still open.
static bool find_shown(const struct answer *a, uint32_t i, struct secure_shown *shown) {
    uint32_t item = a->s->item;
    return (a->s->flags & SHOW_AUTH) && a->told.facts != NULL && item < FACTS_CLOSED &&
           a->told.facts == &a->m->connections[item].facts &&
           secure_shown(a->m, &a->m->connections[item], i, shown);
}

static void write_shown(const struct answer *a, uint32_t what, uint32_t i, struct format *f) {
    struct secure_shown shown;
    char text[2 * sizeof shown.sha256 + 1];
    if (!find_shown(a, i, &shown))
        return;
    if (what == WORDS_SHOWN_SUBJECT) {
        format_bytes(f, shown.subject, shown.subject_bytes);
        return;
    }
    secure_hex(what == WORDS_SHOWN_KEY ? shown.key_sha256 : shown.sha256, sizeof shown.sha256,
               text);
    format_text(f, text);
}

#endif

// The lists that only the hub has.
static enum element show_other(struct answer *a, uint32_t what, uint32_t i) {
    const struct midge *m = a->m;
    uint32_t count = what == LIST_TAGS ? m->config->tags_count : 1;
    bool unused = m->open[MIDGE_CLIENT] == 0 && !(a->s->flags & SHOW_UNUSED);
    if (what == LIST_ENDPOINTS || what == LIST_REQUESTS)
        count = ENDPOINT_PATHS;
#if MIDGE_HTTPS
    struct secure_shown shown;
    if (what == LIST_SHOWN)
        return find_shown(a, i, &shown) ? ELEMENT_SHOWN : ELEMENT_NONE;
#endif
    if (i >= count || (what == LIST_STATS && unused))
        return ELEMENT_NONE;
    if (what == LIST_ENDPOINTS)
        return endpoints_sorted[i] != ENDPOINT_ROOT ? ELEMENT_SHOWN : ELEMENT_PASSED_OVER;
    if (what == LIST_REQUESTS) {
        a->name = names_at(endpoint_paths, endpoints_sorted[i]);
        a->requests = m->http_requests[endpoints_sorted[i]];
        return a->requests > 0 ? ELEMENT_SHOWN : ELEMENT_PASSED_OVER;
    }
    return ELEMENT_SHOWN;
}

static enum progress next_index(struct answer *a, uint32_t what, bool stay) {
    struct monitor_state *s = a->s;
    enum element element;
    s->index -= stay;
    do {
        uint32_t i = s->index++;
        element =
            !MIDGE_MONITOR_HUB || what == LIST_POOLS ? show_pool(a, i) : show_other(a, what, i);
    } while (element == ELEMENT_PASSED_OVER);
    if (element == ELEMENT_SHOWN)
        return PROGRESS_DONE;
    s->index = 0;
    a->name = NULL;
    return PROGRESS_END;
}

enum progress content_next(struct answer *a, uint32_t what, bool stay) {
    uint8_t flags = a->s->flags;
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
    if (progress == PROGRESS_DONE) {
        const struct sub *sub = sub_shown(a);
        a->bases[BASE_SUB] = sub;
        a->owner = sub != NULL ? a->m->connections[sub->owner].cid : 0;
    }
    return progress;
}

void content_page(struct answer *a, uint32_t entries) {
    struct monitor_state *s = a->s;
    s->skip = a->offset < entries ? (uint32_t)a->offset : entries;
    s->left = entries - s->skip;
    if (s->left > a->limit)
        s->left = (uint32_t)a->limit;
}

// ---- Words --------------------------------------------------------------------------------------

// The words that only the hub has.
static void write_other_words(const struct answer *a, uint32_t what, struct format *f) {
    const struct midge_config *config = a->m->config;
    uint32_t i = a->s->index - 1u;
    bool open = a->told.stopped_us == 0;
    switch (what) {
    case WORDS_HOST:
        format_bytes(f, a->address.host, a->address.host_bytes);
        break;
    case WORDS_PATH:
        format_text(f, names_at(endpoint_paths, endpoints_sorted[i]));
        break;
    case WORDS_TITLE:
        format_text(f, names_at(endpoint_titles, endpoints_sorted[i]));
        break;
    case WORDS_TAG:
        format_text(f, midge_config_text(config, config->tags[i]));
        break;
    case WORDS_NAME_TAG:
        if (open && (a->s->flags & SHOW_AUTH))
            format_text(f, CONTENT_ACCOUNT);
        break;
#if MIDGE_TLS
    case WORDS_TLS_VERSION:
        if (a->told.facts != NULL && a->told.facts->tls_version != 0)
            format_text(f, a->told.facts->tls_version == (MIDGE_TLS_1_3 & 0xff) ? "1.3" : "1.2");
        break;
    case WORDS_TLS_CIPHER:
        if (a->told.facts != NULL && a->told.facts->tls_version != 0)
            format_text(f, secure_cipher(a->told.facts->tls_cipher));
        break;
#endif
#if MIDGE_HTTPS
    case WORDS_SHOWN_SUBJECT:
    case WORDS_SHOWN_KEY:
    case WORDS_SHOWN_HASH:
        write_shown(a, what, i, f);
        break;
#endif
    case WORDS_REASON:
        if (!open)
            format_text(f, reason_text(a->told.reason));
        break;
    default:
        format_text(f, CONTENT_ACCOUNT);
    }
}

uint32_t content_words(const struct answer *a, uint32_t what) {
    struct midge *m = a->m;
    struct format f = FORMAT(m->line);
    index_t sub = sub_shown(a) != NULL ? a->s->sub : 0;
    const char *name = midge_config_text(m->config, m->config->server_name);
    uint32_t n = 0;
    switch (what) {
    case WORDS_SERVER_NAME:
        format_text(&f, *name != '\0' ? name : m->id);
        break;
    case WORDS_PLATFORM:
        if (m->host.platform != NULL)
            format_text(&f, m->host.platform);
        break;
    case WORDS_IP:
        if (a->told.facts != NULL)
            format_ip(&f, &a->told.facts->peer);
        break;
    case WORDS_SUBJECT:
        n = sub == 0 ? 0 : subs_subject(m, sub, f.to, f.max);
        break;
    case WORDS_QUEUE:
        n = sub == 0 ? 0 : subs_queue(m, sub, f.to, f.max);
        break;
    case WORDS_SID:
        n = sub == 0 ? 0 : subs_sid(m, sub, f.to, f.max);
        break;
    default:
        if (MIDGE_MONITOR_HUB)
            write_other_words(a, what, &f);
    }
    return f.n + n;
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

static uint64_t millionths(uint64_t a, uint64_t b) {
    return b == 0 ? 0 : a * 1000000 / b;
}

uint64_t content_count(struct answer *a, uint32_t what) {
    const struct midge *m = a->bases[BASE_TABLE];
    if (!MIDGE_MONITOR_HUB || m == NULL)
        return 0;
    if (what == COUNTED_HIT_RATE)
        return millionths(m->cache_hits, m->matches);
    struct fanout fanout = fanout_of(m);
    return what == COUNTED_FANOUT_MEAN   ? millionths(fanout.all, fanout.subjects)
           : what == COUNTED_FANOUT_MOST ? fanout.most
                                         : fanout.subjects;
}

// ---- An answer ----------------------------------------------------------------------------------

// Whether it is asked for an account that there is not, which has nothing to show.
static bool is_unknown(const struct answer *a) {
    const char *account = answer_parameter(a, "acc");
    return (is_of(a, ENDPOINT_CONNZ) || is_of(a, ENDPOINT_SUBSZ)) && *account != '\0' &&
           !chars_same(account, CONTENT_ACCOUNT);
}

void content_take_up(struct midge *m, struct conn *c, struct answer *a) {
    struct monitor_state *s = &c->monitor;
    *a = (struct answer) {
        .m = m, .c = c, .s = s, .document = endpoint_documents[s->endpoint - 1],
        .plain = s->endpoint == 1 + ENDPOINT_ROOT,
        .request = (const char *)m->blocks[s->request].bytes, .request_bytes = s->request_bytes,
        .bases =
            {
                [BASE_CONSTANTS] = &constants,
                [BASE_ANSWER] = a,
                [BASE_STATE] = s,
                [BASE_MIDGE] = m,
                [BASE_CONFIG] = m->config,
            },
        .now_us = m->now.wall_us, .auth_required = m->rooms->auth_required(m),
#if MIDGE_TLS
        .tls_required = m->config->tls.enabled && !m->config->allow_non_tls,
#endif
#if MIDGE_HTTPS
        .http_port = m->config->https_port == 0 ? m->host.http_port : 0,
        .https_port = m->config->https_port != 0 ? m->host.http_port : 0,
#endif
    };
    a->bases[BASE_TABLE] = MIDGE_MONITOR_HUB && is_unknown(a) ? NULL : m;
    if (MIDGE_MONITOR_HUB)
        (void)midge_advertised(m->config, m->host.port, &a->address);
    parameter_number(answer_parameter(a, "offset"), true, &a->offset);
    parameter_number(answer_parameter(a, "limit"), true, &a->limit);
    if (a->limit == 0)
        a->limit = LIMIT_DEFAULT;
    if (MIDGE_MONITOR_HUB && is_of(a, ENDPOINT_CONNZ)) {
        number_t cid;
        parameter_number(answer_parameter(a, "cid"), false, &cid);
        if (cid != 0)
            a->limit = 1;
    }
}

enum progress content_begin(struct answer *a) {
    if (a->bases[BASE_TABLE] == NULL)
        return PROGRESS_DONE;
    if (is_of(a, ENDPOINT_CONNZ))
        connz_begin(a);
    if (is_of(a, ENDPOINT_SUBSZ))
        return begin_table(a);
    return PROGRESS_DONE;
}
