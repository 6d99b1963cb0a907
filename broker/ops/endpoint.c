#include "broker/ops/endpoint.h"

#include "broker/core/chars.h"
#include "broker/core/midge.h"
#include "broker/ops/content.h"
#include "broker/ops/names.h"

const struct constants constants = {
    .version = MIDGE_NATS_VERSION,
    .one = 1,
#if MIDGE_MONITOR_HUB
    .account = CONTENT_ACCOUNT,
    .client = "Client",
    .nats = "nats",
    .two = 2,
    .page_begin = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                  "<title>Midge</title>\n</head>\n<body>\n<h1>Midge " MIDGE_VERSION "</h1>\n",
    .page_link = "<p><a href=\"",
    .page_title = "\">",
    .page_next = "</a></p>\n",
    .page_end = "</body>\n</html>\n",
#endif
};

// ---- Documents ----------------------------------------------------------------------------------
//
// A row is ROW(name, type, base, at). Its name is "" where it has none.

#define OPEN(name) ROW(name, OBJECT, 0, 0)
#define CLOSE ROW("", END, 0, 0)
#define EMPTY(name) OPEN(name) CLOSE
#define EACH(name, what) ROW(name, LIST, 0, LIST_##what)
#define EACH_NAMED(name, what) ROW(name, MAP, 0, LIST_##what)
#define EACH_IF_ANY(name, what) ROW(name, LIST, OMIT, LIST_##what)
#define AGAIN ROW("", NEXT, 0, 0)
#define WORD(name, what) ROW(name, WORDS, 0, WORDS_##what)
#define WORD_IF_ANY(name, what) ROW(name, WORDS, OMIT, WORDS_##what)
#define COUNT(name, type, what) ROW(name, type, BASE_TABLE, COUNTED_##what)

// A member of a struct, and how many bytes it has.
#define MEMBER(name, type, base, holder, member) \
    ROW(name, type, (base) | sizeof(((holder *)0)->member) << 4, offsetof(holder, member))
#define MIDGE(name, type, member) MEMBER(name, type, BASE_MIDGE, struct midge, member)
#define MIDGE_IF_ANY(name, type, member) MEMBER(name, type, OMIT | BASE_MIDGE, struct midge, member)
#define TABLE(name, member) MEMBER(name, PLAIN, BASE_TABLE, struct midge, member)
#define CONFIG(name, type, member) MEMBER(name, type, BASE_CONFIG, struct midge_config, member)
#define CONFIG_IF_ANY(name, type, member) \
    MEMBER(name, type, OMIT | BASE_CONFIG, struct midge_config, member)
#define ANSWER(name, type, member) MEMBER(name, type, BASE_ANSWER, struct answer, member)
#define ANSWER_IF_ANY(name, type, member) \
    MEMBER(name, type, OMIT | BASE_ANSWER, struct answer, member)
#define STATE(name, member) MEMBER(name, PLAIN, BASE_STATE, struct monitor_state, member)
#define FACTS(name, type, member) MEMBER(name, type, BASE_FACTS, struct facts, member)
#define FACTS_IF_ANY(name, type, member) MEMBER(name, type, OMIT | BASE_FACTS, struct facts, member)
#define SUB(name, type, member) MEMBER(name, type, BASE_SUB, struct sub, member)
#define SUB_IF_ANY(name, type, member) MEMBER(name, type, OMIT | BASE_SUB, struct sub, member)
#define POOL(name, member) ANSWER(name, PLAIN, pool.member)

#define CONSTANT(name, type, member) MEMBER(name, type, BASE_CONSTANTS, struct constants, member)
#define ZERO(name) CONSTANT(name, PLAIN, zero)
#define NO(name) CONSTANT(name, TRUTH, zero)
#define YES(name) CONSTANT(name, TRUTH, one)

// An array of characters in a struct.
#define TEXT(name, base, holder, member) ROW(name, CHARACTERS, base, offsetof(holder, member))
#define CONSTANT_TEXT(name, member) TEXT(name, BASE_CONSTANTS, struct constants, member)

#define SERVER_ID TEXT("server_id", BASE_MIDGE, struct midge, id)
#define NOW ANSWER("now", WALL, now_us)

// A count of clients, where nats-server has other kinds of connections too.
#define BY_KIND(name, member)       \
    OPEN(name)                      \
    MIDGE("clients", PLAIN, member) \
    ZERO("routes")                  \
    ZERO("gateways")                \
    ZERO("leafs")                   \
    CLOSE

#define NO_TRAFFIC(name) OPEN(name) ZERO("msgs") ZERO("bytes") CLOSE
#define TRAFFIC(name, direction)             \
    OPEN(name)                               \
    MIDGE("msgs", PLAIN, direction##_msgs)   \
    MIDGE("bytes", PLAIN, direction##_bytes) \
    NO_TRAFFIC("gateways")                   \
    NO_TRAFFIC("routes")                     \
    NO_TRAFFIC("leafs")                      \
    CLOSE

#define SUBSCRIPTION              \
    WORD("subject", SUBJECT)      \
    WORD_IF_ANY("qgroup", QUEUE)  \
    WORD("sid", SID)              \
    SUB("msgs", PLAIN, delivered) \
    SUB_IF_ANY("max", PLAIN, max) \
    ANSWER("cid", PLAIN, owner)

#define TABLE_STATS                                            \
    TABLE("num_subscriptions", pools[POOL_subscriptions].used) \
    HUB(COUNT("num_cache", COUNTED, CACHED))                   \
    TABLE("num_inserts", subs_inserted)                        \
    TABLE("num_removes", subs_removed)                         \
    TABLE("num_matches", matches)                              \
    HUB(COUNT("cache_hit_rate", RATIO, HIT_RATE))              \
    HUB(COUNT("max_fanout", COUNTED, FANOUT_MOST))             \
    HUB(COUNT("avg_fanout", RATIO, FANOUT_MEAN))

#if MIDGE_MONITOR_HUB
#define HUB(row) row
// Where clients are told to connect.
#define PORT ANSWER("port", PLAIN, address.port)
#else
#define HUB(row)
#define PORT MIDGE("port", PLAIN, host.port)
#endif

#if MIDGE_TLS
#define TLS(row) row
#define TLS_TIMEOUT CONFIG("tls_timeout", SECONDS, tls.timeout_ms)
#else
#define TLS(row)
#define TLS_TIMEOUT CONSTANT("tls_timeout", PLAIN, two)
#endif

#if MIDGE_HTTPS
#define HTTPS(row) row
#define HTTP_PORT ANSWER("http_port", PLAIN, http_port)
#define HTTPS_PORT ANSWER("https_port", PLAIN, https_port)
#else
#define HTTPS(row)
#define HTTP_PORT MIDGE("http_port", PLAIN, host.http_port)
#define HTTPS_PORT HUB(ZERO("https_port"))
#endif

#define DOCUMENT(list) static const char list##_names[] =
#define ROW(name, type, base, at) name "\0"
#define DONE
#include "broker/ops/rows.h"
#undef DOCUMENT
#undef ROW
#undef DONE

#define DOCUMENT(list) static const struct row list##_rows[] = {
#define ROW(name, type, base, at) {type, base, at},
#define DONE }
#include "broker/ops/rows.h"

// ---- Parameters ---------------------------------------------------------------------------------

#if MIDGE_MONITOR_HUB

static const struct parameter none[] = {{NULL, 0, 0}};

static const struct parameter accstatz_parameters[] = {
    {"unused", PARAMETER_SWITCH, SHOW_UNUSED},
    {NULL, 0, 0},
};

static const struct parameter connz_parameters[] = {
    {"auth", PARAMETER_SWITCH, SHOW_AUTH},
    {"subs", PARAMETER_SUBS, SHOW_SUBS},
    {"offset", PARAMETER_INT, 0},
    {"limit", PARAMETER_INT, 0},
    {"cid", PARAMETER_UINT64, 0},
    {"state", PARAMETER_STATE, 0},
    {NULL, 0, 0},
};

static const struct parameter gatewayz_parameters[] = {
    {"subs", PARAMETER_SUBS, 0},
    {"accs", PARAMETER_SWITCH, 0},
    {NULL, 0, 0},
};

static const struct parameter healthz_parameters[] = {
    {"js-enabled", PARAMETER_SWITCH, 0},        {"js-enabled-only", PARAMETER_SWITCH, 0},
    {"js-server-only", PARAMETER_SWITCH, 0},    {"js-meta-only", PARAMETER_SWITCH, 0},
    {"details", PARAMETER_SWITCH, SHOW_DETAIL}, {NULL, 0, 0},
};

static const struct parameter jsz_parameters[] = {
    {"accounts", PARAMETER_SWITCH, 0},
    {"streams", PARAMETER_SWITCH, 0},
    {"consumers", PARAMETER_SWITCH, 0},
    {"direct-consumers", PARAMETER_SWITCH, 0},
    {"config", PARAMETER_SWITCH, 0},
    {"offset", PARAMETER_INT, 0},
    {"limit", PARAMETER_INT, 0},
    {"leader-only", PARAMETER_SWITCH, 0},
    {"raft", PARAMETER_SWITCH, 0},
    {"stream-leader-only", PARAMETER_SWITCH, 0},
    {NULL, 0, 0},
};

static const struct parameter leafz_parameters[] = {
    {"subs", PARAMETER_SWITCH, 0},
    {NULL, 0, 0},
};

static const struct parameter routez_parameters[] = {
    {"subs", PARAMETER_SUBS, 0},
    {NULL, 0, 0},
};

static const struct parameter subsz_parameters[] = {
    {"subs", PARAMETER_SWITCH, SHOW_SUBS},
    {"offset", PARAMETER_INT, 0},
    {"limit", PARAMETER_INT, 0},
    {NULL, 0, 0},
};

const struct parameter *const endpoint_parameters[ENDPOINT_COUNT] = {
    [ENDPOINT_CONNZ] = connz_parameters,
    [ENDPOINT_HEALTHZ] = healthz_parameters,
    [ENDPOINT_SUBSZ] = subsz_parameters,
    [ENDPOINT_VARZ] = none,
    [ENDPOINT_ACCOUNTZ] = none,
    [ENDPOINT_ACCSTATZ] = accstatz_parameters,
    [ENDPOINT_GATEWAYZ] = gatewayz_parameters,
    [ENDPOINT_JSZ] = jsz_parameters,
    [ENDPOINT_LEAFZ] = leafz_parameters,
    [ENDPOINT_ROUTEZ] = routez_parameters,
    [ENDPOINT_ROOT] = none,
};

#endif

// ---- Endpoints ----------------------------------------------------------------------------------

#define DOCUMENT_OF(list) \
    { list##_rows, list##_names }

const struct document endpoint_documents[ENDPOINT_COUNT] = {
    [ENDPOINT_CONNZ] = DOCUMENT_OF(connz),       [ENDPOINT_SUBSZ] = DOCUMENT_OF(subsz),
    [ENDPOINT_VARZ] = DOCUMENT_OF(varz),
#if MIDGE_MONITOR_HUB
    [ENDPOINT_ACCOUNTZ] = DOCUMENT_OF(accountz), [ENDPOINT_ACCSTATZ] = DOCUMENT_OF(accstatz),
    [ENDPOINT_GATEWAYZ] = DOCUMENT_OF(gatewayz), [ENDPOINT_JSZ] = DOCUMENT_OF(jsz),
    [ENDPOINT_LEAFZ] = DOCUMENT_OF(leafz),       [ENDPOINT_ROUTEZ] = DOCUMENT_OF(routez),
    [ENDPOINT_ROOT] = DOCUMENT_OF(root),         [ENDPOINT_ACCOUNT] = DOCUMENT_OF(accountz_detail),
#endif
};

#if MIDGE_MONITOR_HUB
#define OTHER_PATHS "/accountz\0/accstatz\0/gatewayz\0/jsz\0/leafz\0/routez\0/"
#else
#define OTHER_PATHS ""
#endif

const char endpoint_paths[] = "/connz\0/healthz\0/subsz\0/varz\0" OTHER_PATHS;

const char endpoint_titles[] = "Connections\0Health\0Subscriptions\0General\0Accounts\0"
                               "Account stats\0Gateways\0JetStream\0Leaf nodes\0Routes";

const uint8_t endpoints_sorted[] = {
    ENDPOINT_ROOT,     ENDPOINT_ACCOUNTZ, ENDPOINT_ACCSTATZ, ENDPOINT_CONNZ,
    ENDPOINT_GATEWAYZ, ENDPOINT_HEALTHZ,  ENDPOINT_JSZ,      ENDPOINT_LEAFZ,
    ENDPOINT_ROUTEZ,   ENDPOINT_SUBSZ,    ENDPOINT_VARZ,
};

int endpoint_find(const struct midge_config *config, const char *path) {
    // A slash at the end of the address that a tool was given comes twice.
    while (path[0] == '/' && path[1] == '/')
        path++;
    if (MIDGE_MONITOR_HUB) {
        const char *base = midge_config_text(config, config->http_base_path);
        size_t base_bytes = strlen(base);
        if (strncmp(path, base, base_bytes) != 0)
            return -1;
        path += base_bytes;
        // The root is the base itself: below another one, "/" is nothing.
        if (base_bytes > 0 && (path[0] == '\0' || path[1] == '\0'))
            return path[0] == '\0' ? ENDPOINT_ROOT : -1;
        if (chars_same(path, "/subscriptionsz"))
            return ENDPOINT_SUBSZ;
    }
    return names_find(endpoint_paths, ENDPOINT_PATHS, path);
}
