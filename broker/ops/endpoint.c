#include "broker/ops/endpoint.h"

#include "broker/core/midge.h"
#include "broker/ops/content.h"

// ---- How tables are written ---------------------------------------------------------------------

#define INDEX (sizeof(index_t) == sizeof(uint16_t) ? U16 : U32)

#define FIELD(name, at, type, base) \
    { name, at, type, base }

#define OPEN(name) FIELD(name, 0, OBJECT, 0)
#define CLOSE FIELD(NULL, 0, END, 0)
#define EMPTY(name) OPEN(name), CLOSE
#define EACH(name, what) FIELD(name, what, LIST, 0)
#define EACH_NAMED(name, what) FIELD(name, what, MAP, 0)
#define EACH_IF_ANY(name, what) FIELD(name, what, LIST | OMIT, 0)
#define AGAIN FIELD(NULL, 0, NEXT, 0)
#define NO_LIST(name) EACH(name, 0), AGAIN
#define FIXED(name, number) FIELD(name, number, CONSTANT, 0)
#define ZERO(name) FIXED(name, 0)
#define YES(name) FIELD(name, SPECIAL_TRUE, SPECIAL, 0)
#define NO(name) FIELD(name, 0, TRUTH, 0)
#define TEXT(name_and_text) FIELD(name_and_text, 0, LITERAL, 0)
#define WORD(name, what) FIELD(name, WORDS_##what, WORDS, 0)
#define WORD_IF_ANY(name, what) FIELD(name, WORDS_##what, WORDS | OMIT, 0)
#define COUNT(name, what) FIELD(name, SPECIAL_##what, SPECIAL, 0)
#define TABLE(name, type, member) FIELD(name, offsetof(struct midge, member), type, BASE_TABLE)
#define MIDGE(name, type, member) FIELD(name, offsetof(struct midge, member), type, BASE_MIDGE)
#define CONFIG(name, type, member) \
    FIELD(name, offsetof(struct midge_config, member), type, BASE_CONFIG)
#define ANSWER(name, type, member) FIELD(name, offsetof(struct answer, member), type, BASE_ANSWER)
#define STATE(name, type, member) \
    FIELD(name, offsetof(struct monitor_state, member), type, BASE_STATE)
#define FACTS(name, type, member) FIELD(name, offsetof(struct facts, member), type, BASE_FACTS)
#define SUB(name, type, member) FIELD(name, offsetof(struct sub, member), type, BASE_SUB)
#define POOL(name, member) FIELD(name, offsetof(struct pool, member), INDEX, BASE_POOL)

// A count of clients, where nats-server has other kinds of connections too.
#define BY_KIND(name, member)                                                                   \
    OPEN(name), MIDGE("clients", U64, member), ZERO("routes"), ZERO("gateways"), ZERO("leafs"), \
        CLOSE

#define SERVER_ID MIDGE("server_id", CHARACTERS, id)
#define NOW ANSWER("now", WALL, now_us)

// ---- Documents ----------------------------------------------------------------------------------

static const struct field root[] = {
    OPEN(NULL),
    TEXT("\0<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
         "<title>Midge</title>\n</head>\n<body>\n<h1>Midge " MIDGE_VERSION "</h1>\n"),
    EACH(NULL, LIST_ENDPOINTS),
    TEXT("\0<p><a href=\""),
    CONFIG(NULL, SETTING, http_base_path),
    WORD(NULL, PATH),
    TEXT("\0\">"),
    WORD(NULL, TITLE),
    TEXT("\0</a></p>\n"),
    AGAIN,
    TEXT("\0</body>\n</html>\n"),
    CLOSE,
};

static const struct field varz[] = {
    OPEN(NULL),
    SERVER_ID,
    WORD("server_name", SERVER_NAME),
    TEXT("version\0" MIDGE_NATS_VERSION),
    FIXED("proto", 1),
    MIDGE("go", POINTER, host.platform),
    WORD("host", HOST),
    ANSWER("port", U32, address.port),
    ANSWER("auth_required", TRUTH | OMIT, auth_required),
    CONFIG("max_connections", U32, max_connections),
    CONFIG("max_subscriptions", U32 | OMIT, max_subscriptions),
    CONFIG("ping_interval", NANOS, ping_interval_ms),
    CONFIG("ping_max", U32, ping_max),
    CONFIG("http_host", SETTING, http_host),
    MIDGE("http_port", U16, host.http_port),
    CONFIG("http_base_path", SETTING, http_base_path),
    ZERO("https_port"),
    CONFIG("auth_timeout", SECONDS, auth_timeout_ms),
    CONFIG("max_control_line", U32, max_control_line),
    CONFIG("max_payload", U32, max_payload),
    CONFIG("max_pending", U32, max_pending),
    EMPTY("cluster"),
    EMPTY("gateway"),
    EMPTY("leaf"),
    EMPTY("mqtt"),
    EMPTY("websocket"),
    EMPTY("jetstream"),
    FIXED("tls_timeout", 2),
    CONFIG("write_deadline", NANOS, write_deadline_ms),
    MIDGE("start", MOMENT, started_us),
    NOW,
    MIDGE("uptime", AGE, started_us),
    MIDGE("mem", U64, host.rss_bytes),
    MIDGE("cores", U32, host.cores),
    FIXED("gomaxprocs", 1),
    MIDGE("cpu", PERCENT, host.cpu_permille),
    MIDGE("connections", U32, open[MIDGE_CLIENT]),
    MIDGE("total_connections", U64, total_connections),
    ZERO("routes"),
    ZERO("remotes"),
    ZERO("leafnodes"),
    MIDGE("in_msgs", U64, in_msgs),
    MIDGE("in_bytes", U64, in_bytes),
    MIDGE("in_client_msgs", U64, in_msgs),
    MIDGE("in_client_bytes", U64, in_bytes),
    MIDGE("out_msgs", U64, out_msgs),
    MIDGE("out_bytes", U64, out_bytes),
    MIDGE("out_client_msgs", U64, out_msgs),
    MIDGE("out_client_bytes", U64, out_bytes),
    MIDGE("slow_consumers", U64, slow_consumers),
    MIDGE("stale_connections", U64, stale_connections),
    MIDGE("stalled_clients", U64, stalls),
    MIDGE("subscriptions", INDEX, pools[POOL_subscriptions].used),
    EACH_NAMED("http_req_stats", LIST_REQUESTS),
    COUNT(NULL, REQUESTS),
    AGAIN,
    CONFIG("config_load_time", WALL, loaded_wall_us),
    CONFIG("config_digest", CHARACTERS, digest),
    EACH_IF_ANY("tags", LIST_TAGS),
    WORD(NULL, TAG),
    AGAIN,
    BY_KIND("slow_consumer_stats", slow_consumers),
    BY_KIND("stale_connection_stats", stale_connections),
    OPEN("disk_io_wait_stats"),
    ZERO("waiters"),
    ZERO("waits"),
    ZERO("wait_time"),
    ZERO("max_wait_time"),
    CLOSE,
    // Midge's own: nats-server has no pools.
    EACH_NAMED("pools", LIST_POOLS),
    OPEN(NULL),
    POOL("in_use", used),
    POOL("high", high),
    POOL("limit", limit),
    COUNT("bytes", ENTRY_BYTES),
    CLOSE,
    AGAIN,
    CLOSE,
};

#define SUBSCRIPTION                                                          \
    WORD("subject", SUBJECT), WORD_IF_ANY("qgroup", QUEUE), WORD("sid", SID), \
        SUB("msgs", U64, delivered), SUB("max", U32 | OMIT, max), COUNT("cid", CID)

static const struct field connz[] = {
    OPEN(NULL),
    SERVER_ID,
    NOW,
    STATE("num_connections", U32, count),
    STATE("total", U32, total),
    ANSWER("offset", U64, offset),
    ANSWER("limit", U64, limit),
    EACH("connections", LIST_CONNECTIONS),
    OPEN(NULL),
    FACTS("cid", U64, cid),
    TEXT("kind\0Client"),
    TEXT("type\0nats"),
    WORD("ip", IP),
    FACTS("port", U16, peer.port),
    FACTS("start", MOMENT, started_us),
    FACTS("last_activity", MOMENT, active_us),
    FACTS("stop", MOMENT | OMIT, stopped_us),
    WORD_IF_ANY("reason", REASON),
    FACTS("rtt", ROUND, rtt_us),
    FACTS("uptime", AGE, started_us),
    FACTS("idle", AGE, active_us),
    FACTS("pending_bytes", U32, pending_bytes),
    FACTS("in_msgs", U64, in_msgs),
    FACTS("out_msgs", U64, out_msgs),
    FACTS("in_bytes", U64, in_bytes),
    FACTS("out_bytes", U64, out_bytes),
    FACTS("stalls", U32 | OMIT, stalls),
    FACTS("subscriptions", U32, subs_count),
    FACTS("name", INTERNED | OMIT, name),
    FACTS("lang", INTERNED | OMIT, lang),
    FACTS("version", INTERNED | OMIT, version),
    FACTS("authorized_user", INTERNED | OMIT, login),
    EACH_IF_ANY("subscriptions_list", LIST_SUBJECTS),
    WORD(NULL, SUBJECT),
    AGAIN,
    EACH_IF_ANY("subscriptions_list_detail", LIST_DETAILS),
    OPEN(NULL),
    SUBSCRIPTION,
    CLOSE,
    AGAIN,
    WORD_IF_ANY("name_tag", NAME_TAG),
    CLOSE,
    AGAIN,
    CLOSE,
};

#define TABLE_STATS                                                                                \
    TABLE("num_subscriptions", INDEX, pools[POOL_subscriptions].used), COUNT("num_cache", CACHED), \
        TABLE("num_inserts", U64, subs_inserted), TABLE("num_removes", U64, subs_removed),         \
        TABLE("num_matches", U64, matches), COUNT("cache_hit_rate", HIT_RATE),                     \
        COUNT("max_fanout", FANOUT_MOST), COUNT("avg_fanout", FANOUT_MEAN)

static const struct field subsz[] = {
    OPEN(NULL),
    SERVER_ID,
    NOW,
    TABLE_STATS,
    STATE("total", U32, total),
    ANSWER("offset", U64, offset),
    ANSWER("limit", U64, limit),
    EACH_IF_ANY("subscriptions_list", LIST_TABLE),
    OPEN(NULL),
    TEXT("account\0" CONTENT_ACCOUNT),
    TEXT("account_tag\0" CONTENT_ACCOUNT),
    SUBSCRIPTION,
    CLOSE,
    AGAIN,
    CLOSE,
};

static const struct field accountz[] = {
    OPEN(NULL), SERVER_ID, NOW, EACH("accounts", LIST_ACCOUNTS), WORD(NULL, ACCOUNT), AGAIN, CLOSE,
};

static const struct field accountz_detail[] = {
    OPEN(NULL),
    SERVER_ID,
    NOW,
    OPEN("account_detail"),
    TEXT("account_name\0" CONTENT_ACCOUNT),
    MIDGE("update_time", MOMENT, started_us),
    NO("expired"),
    YES("complete"),
    NO("jetstream_enabled"),
    ZERO("leafnode_connections"),
    MIDGE("client_connections", U32, open[MIDGE_CLIENT]),
    MIDGE("subscriptions", INDEX, pools[POOL_subscriptions].used),
    TEXT("name_tag\0" CONTENT_ACCOUNT),
    OPEN("sublist_stats"),
    TABLE_STATS,
    CLOSE,
    CLOSE,
    CLOSE,
};

#define NO_TRAFFIC(name) OPEN(name), ZERO("msgs"), ZERO("bytes"), CLOSE
#define TRAFFIC(name, direction)                                                              \
    OPEN(name), MIDGE("msgs", U64, direction##_msgs), MIDGE("bytes", U64, direction##_bytes), \
        NO_TRAFFIC("gateways"), NO_TRAFFIC("routes"), NO_TRAFFIC("leafs"), CLOSE

static const struct field accstatz[] = {
    OPEN(NULL),
    SERVER_ID,
    NOW,
    EACH("account_statz", LIST_STATS),
    OPEN(NULL),
    TEXT("acc\0" CONTENT_ACCOUNT),
    TEXT("name\0" CONTENT_ACCOUNT),
    MIDGE("conns", U32, open[MIDGE_CLIENT]),
    ZERO("leafnodes"),
    MIDGE("total_conns", U32, open[MIDGE_CLIENT]),
    MIDGE("num_subscriptions", INDEX, pools[POOL_subscriptions].used),
    TRAFFIC("sent", out),
    TRAFFIC("received", in),
    MIDGE("slow_consumers", U64, slow_consumers),
    CLOSE,
    AGAIN,
    CLOSE,
};

static const struct field routez[] = {
    OPEN(NULL),        SERVER_ID, WORD("server_name", SERVER_NAME), NOW, ZERO("num_routes"),
    NO_LIST("routes"), CLOSE,
};

static const struct field gatewayz[] = {
    OPEN(NULL), SERVER_ID, NOW, EMPTY("outbound_gateways"), EMPTY("inbound_gateways"), CLOSE,
};

static const struct field leafz[] = {
    OPEN(NULL), SERVER_ID, NOW, ZERO("leafnodes"), NO_LIST("leafs"), CLOSE,
};

static const struct field jsz[] = {
    OPEN(NULL),
    ZERO("memory"),
    ZERO("storage"),
    ZERO("reserved_memory"),
    ZERO("reserved_storage"),
    ZERO("accounts"),
    ZERO("ha_assets"),
    OPEN("api"),
    ZERO("level"),
    ZERO("total"),
    ZERO("errors"),
    CLOSE,
    SERVER_ID,
    NOW,
    YES("disabled"),
    OPEN("config"),
    ZERO("max_memory"),
    ZERO("max_storage"),
    CLOSE,
    ZERO("streams"),
    ZERO("consumers"),
    ZERO("messages"),
    ZERO("bytes"),
    ZERO("total"),
    CLOSE,
};

// ---- Endpoints ----------------------------------------------------------------------------------

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

// In the order of their paths, in which /varz counts them.
const struct endpoint endpoints[ENDPOINT_COUNT] = {
    [ENDPOINT_ROOT] = {"/", NULL, root, none, STYLE_PLAIN},
    [ENDPOINT_ACCOUNTZ] = {"/accountz", "Accounts", accountz, none, STYLE_JSON},
    [ENDPOINT_ACCSTATZ] = {"/accstatz", "Account stats", accstatz, accstatz_parameters, STYLE_JSON},
    [ENDPOINT_CONNZ] = {"/connz", "Connections", connz, connz_parameters, STYLE_JSON},
    [ENDPOINT_GATEWAYZ] = {"/gatewayz", "Gateways", gatewayz, gatewayz_parameters, STYLE_JSON},
    [ENDPOINT_HEALTHZ] = {"/healthz", "Health", NULL, healthz_parameters, STYLE_JSON},
    [ENDPOINT_JSZ] = {"/jsz", "JetStream", jsz, jsz_parameters, STYLE_JSON},
    [ENDPOINT_LEAFZ] = {"/leafz", "Leaf nodes", leafz, leafz_parameters, STYLE_JSON},
    [ENDPOINT_ROUTEZ] = {"/routez", "Routes", routez, routez_parameters, STYLE_JSON},
    [ENDPOINT_SUBSZ] = {"/subsz", "Subscriptions", subsz, subsz_parameters, STYLE_JSON},
    [ENDPOINT_VARZ] = {"/varz", "General", varz, none, STYLE_JSON},
    [ENDPOINT_ACCOUNT] = {NULL, NULL, accountz_detail, none, STYLE_JSON},
};

int endpoint_find(const struct midge_config *config, const char *path) {
    const char *base = midge_config_text(config, config->http_base_path);
    size_t base_bytes = strlen(base);
    // A slash at the end of the address that a tool was given comes twice.
    while (path[0] == '/' && path[1] == '/')
        path++;
    if (strncmp(path, base, base_bytes) != 0)
        return -1;
    path += base_bytes;
    // The root is the base itself: below another one, "/" is nothing.
    if (strcmp(path, base_bytes > 0 ? "" : "/") == 0)
        return ENDPOINT_ROOT;
    if (strcmp(path, "/subscriptionsz") == 0)
        return ENDPOINT_SUBSZ;
    for (int i = ENDPOINT_ROOT + 1; i < ENDPOINT_ACCOUNT; i++) {
        if (strcmp(path, endpoints[i].path) == 0)
            return i;
    }
    return -1;
}
