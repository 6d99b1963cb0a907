#include "broker/conf/option.h"

#include "broker/conf/authorization.h"

#define AT(member) offsetof(struct midge_config, member)
#define IN_USER(member) offsetof(struct midge_user, member)
#define IN_SET(member) offsetof(struct midge_permissions, member)
#define IN_RULE(member) offsetof(struct rule, member)
#define LEAST_OF(a, b) ((a) < (b) ? (a) : (b))

#define KIB 1024u
#define MIB (1024u * KIB)
#define SECOND_MS 1000u
#define MINUTE_MS (60u * SECOND_MS)

#define NO_MAX ((uint32_t)LEAST_OF(NUMBER_MAX, UINT32_MAX))
// The broker compares times by the sign of their difference in 32 bits, and a deadline may be met
// late: half of what a sign can tell apart, 12 days.
#define MS_MAX (INT32_MAX / 2)
#define BLOCKS_BYTES ((uint64_t)MIDGE_BLOCKS_MAX * MIDGE_BLOCK_BYTES)
#define PENDING_MAX ((uint32_t)LEAST_OF(BLOCKS_BYTES, NO_MAX))

// What a row says only of a hub.
#if MIDGE_CONFIG_HUB
#define HUB(...) __VA_ARGS__
#else
#define HUB(...)
#endif

// Rows of options whose change a reload shows, names or refuses; and others.
#define SHOWN(what, member, called, ...) \
    { .kind = what, .at = AT(member), .names = called, HUB(.reload = RELOAD_SHOWN, ) __VA_ARGS__ }
#define NAMED(what, member, called, ...) \
    { .kind = what, .at = AT(member), .names = called, HUB(.reload = RELOAD_NAMED, ) __VA_ARGS__ }
#define FIXED(what, member, called, field, ...)                     \
    {                                                               \
        .kind = what, .at = AT(member), .names = called,            \
        HUB(.reload = RELOAD_REFUSED, .label = field, ) __VA_ARGS__ \
    }
#define OTHER(what, called, ...) \
    { .kind = what, .names = called, __VA_ARGS__ }

// In the order in which nats-server logs their changes.
const struct option options[] = {
    // Addresses and names.
    OTHER(OPTION_LISTEN, "listen", .at = AT(host)),
    OTHER(OPTION_LISTEN, "http", .at = AT(http_host)),
    FIXED(OPTION_NAME, server_name, "server_name", "ServerName",
          HUB(.flags = "n|name|server_name")),
    FIXED(OPTION_TEXT, host, "host" HUB("|net"), "Host", HUB(.flags = "a|addr|net")),
    FIXED(OPTION_PORT, port, "port", "Port", HUB(.flags = "p|port")),
#if MIDGE_CONFIG_HUB
    SHOWN(OPTION_TEXT, client_advertise, "client_advertise", .flags = "client_advertise",
          .label = "Reload: client_advertise"),
#endif

// What clients see, and what is seen of them.
#if MIDGE_CONFIG_HUB || MIDGE_TRACE
    SHOWN(OPTION_SWITCH, trace, "trace", HUB(.flags = "V|trace")),
    SHOWN(OPTION_SWITCH, debug, "debug", HUB(.flags = "D|debug")),
    SHOWN(OPTION_SWITCH, trace_verbose, "trace_verbose", HUB(.flags = "VV")),
    SHOWN(OPTION_SWITCH, trace_headers, "trace_headers"),
#endif
    FIXED(OPTION_SWITCH, no_header_support, "no_header_support", "NoHeaderSupport"),
#if MIDGE_CONFIG_HUB
    SHOWN(OPTION_SWITCH, logtime, "logtime", .flags = "T|logtime"),
    SHOWN(OPTION_SWITCH, logtime_utc, "logtime_utc", .flags = "logtime_utc"),
#endif
    SHOWN(OPTION_LIMIT, max_connections, "max_connections" HUB("|max_conn")),
    FIXED(OPTION_COUNT, max_subscriptions, "max_subscriptions" HUB("|max_subs"), "MaxSubs"),
    FIXED(OPTION_TOKENS, max_sub_tokens, "max_sub_tokens" HUB("|max_subscription_tokens"),
          "MaxSubTokens"),

    // Who may come in.
    OTHER(OPTION_AUTHORIZATION, "authorization"),
    OTHER(OPTION_USERS, "users", .place = PLACE_AUTHORIZATION,
          HUB(.reload = RELOAD_ALWAYS, .label = "Reloaded: authorization users")),
#if MIDGE_CONFIG_HUB
    OTHER(OPTION_UNBUILT, "accounts", .nothing = "{}", .reload = RELOAD_ALWAYS,
          .label = "Reloaded: accounts"),
#endif
    FIXED(OPTION_TEXT, no_auth_user, "no_auth_user", "NoAuthUser"),
    NAMED(OPTION_TEXT, username, "user|username", .place = PLACE_AUTHORIZATION,
          HUB(.flags = "user", .label = "Reloaded: authorization username")),
    NAMED(OPTION_PASSWORD, password, "pass|password", .place = PLACE_AUTHORIZATION,
          HUB(.flags = "pass", .label = "Reloaded: authorization password")),
    NAMED(OPTION_PASSWORD, token, "token", .place = PLACE_AUTHORIZATION,
          HUB(.flags = "auth", .label = "Reloaded: authorization token")),
    OTHER(OPTION_PERMISSIONS, "default_permissions" HUB("|default_permission|permissions"),
          .place = PLACE_AUTHORIZATION, .at = AT(default_permissions)),
    OTHER(OPTION_TEXT, "user|username", .place = PLACE_USER, .at = IN_USER(name)),
    OTHER(OPTION_PASSWORD, "pass|password", .place = PLACE_USER, .at = IN_USER(password)),
#if MIDGE_NKEYS
    OTHER(OPTION_NKEY, "nkey", .place = PLACE_USER, .at = IN_USER(nkey)),
    OTHER(OPTION_KINDS, "allowed_connection_types" HUB("|connection_types|clients"),
          .place = PLACE_USER, .at = IN_USER(kinds)),
#endif
    OTHER(OPTION_PERMISSIONS, "permissions" HUB("|permission|authorization"), .place = PLACE_USER,
          .at = IN_USER(permissions)),
    OTHER(OPTION_PUBLISH, "publish|pub" HUB("|import"), .place = PLACE_PERMISSIONS,
          .at = IN_SET(publish_allow)),
    OTHER(OPTION_SUBSCRIBE, "subscribe|sub" HUB("|export"), .place = PLACE_PERMISSIONS,
          .at = IN_SET(subscribe_allow)),
#if MIDGE_RESPONSES_MAX > 0
    OTHER(OPTION_RESPONSES, "allow_responses" HUB("|publish_allow_responses"),
          .place = PLACE_PERMISSIONS, .at = IN_SET(responses)),
    OTHER(OPTION_REPLIES, "max" HUB("|max_msgs|max_messages|max_responses"),
          .place = PLACE_RESPONSES, .at = IN_SET(responses)),
    OTHER(OPTION_EXPIRES, "expires" HUB("|expiration|ttl"), .place = PLACE_RESPONSES,
          .at = IN_SET(response_ms)),
#endif
    OTHER(OPTION_SUBJECTS, "allow", .place = PLACE_PUBLISH, .at = IN_RULE(allow)),
    OTHER(OPTION_SUBJECTS, "deny", .place = PLACE_PUBLISH, .at = IN_RULE(deny)),
    OTHER(OPTION_QUEUES, "allow", .place = PLACE_SUBSCRIBE, .at = IN_RULE(allow)),
    OTHER(OPTION_QUEUES, "deny", .place = PLACE_SUBSCRIBE, .at = IN_RULE(deny)),

    // Limits, monitoring, files.
    SHOWN(OPTION_SECONDS, ping_interval_ms, "ping_interval"),
    SHOWN(OPTION_COUNT, ping_max, "ping_max"),
    FIXED(OPTION_TEXT, http_host, "", "HTTPHost"),  // set by `http`
    FIXED(OPTION_PORT, http_port, "http_port" HUB("|monitor_port"), "HTTPPort",
          HUB(.flags = "m|http_port")),
#if MIDGE_HTTPS
    OTHER(OPTION_LISTEN, "https", .at = AT(https_host)),
    FIXED(OPTION_PORT, https_port, "https_port", "HTTPSPort", .flags = "ms|https_port"),
#endif
    FIXED(OPTION_TEXT, http_base_path, "http_base_path", "HTTPBasePath"),
    SHOWN(OPTION_TIMEOUT, auth_timeout_ms, "timeout", .place = PLACE_AUTHORIZATION,
          HUB(.label = "Reloaded: authorization timeout")),
    SHOWN(OPTION_BYTES, max_control_line, "max_control_line"),
    SHOWN(OPTION_PAYLOAD, max_payload, "max_payload"),
    FIXED(OPTION_COUNT, max_pending, "max_pending", "MaxPending"),
    SHOWN(OPTION_SWITCH, no_fast_producer_stall, "no_fast_producer_stall"),
#if MIDGE_CONFIG_HUB
    SHOWN(OPTION_TEXT, pid_file, "pid_file|pidfile", .flags = "P|pid"),
    SHOWN(OPTION_TEXT, ports_file_dir, "ports_file_dir", .flags = "ports_file_dir"),
    SHOWN(OPTION_TEXT, log_file, "log_file|logfile", .flags = "l|log"),
    FIXED(OPTION_SIZE, log_size_limit, "log_size_limit|logfile_size_limit", "LogSizeLimit",
          .flags = "log_size_limit"),
    FIXED(OPTION_COUNT, log_max_num, "log_max_num|logfile_max_num", "LogMaxFiles"),
    SHOWN(OPTION_SWITCH, syslog, "syslog", .flags = "s|syslog"),
#endif
#if MIDGE_TLS
    SHOWN(OPTION_TIMEOUT, tls.timeout_ms, "timeout", .place = PLACE_TLS,
          HUB(.label = "Reloaded: tls timeout")),
    OTHER(OPTION_TLS, "tls", HUB(.reload = RELOAD_NAMED)),
#if MIDGE_TLS_VERIFY
    OTHER(OPTION_PINS, "pinned_certs", .place = PLACE_TLS, HUB(.reload = RELOAD_NAMED)),
    OTHER(OPTION_SWITCH, "verify", .place = PLACE_TLS, .at = AT(tls.verify)),
    OTHER(OPTION_VERIFY_AND_MAP, "verify_and_map", .place = PLACE_TLS),
#else
    OTHER(OPTION_REFUSED, "pinned_certs|verify|verify_and_map", .place = PLACE_TLS),
#endif
    OTHER(OPTION_FIRST, "handshake_first|first|immediate", .place = PLACE_TLS,
          HUB(.reload = RELOAD_NAMED)),
    OTHER(OPTION_TEXT, "cert_file", .place = PLACE_TLS, .at = AT(tls.cert_file)),
    OTHER(OPTION_TEXT, "key_file", .place = PLACE_TLS, .at = AT(tls.key_file)),
    OTHER(OPTION_TEXT, "ca_file", .place = PLACE_TLS, .at = AT(tls.ca_file)),
    OTHER(OPTION_SWITCH, "insecure|allow_insecure_cipher_suites", .place = PLACE_TLS,
          .at = AT(tls.insecure)),
    OTHER(OPTION_CIPHERS, "cipher_suites", .place = PLACE_TLS),
    OTHER(OPTION_CURVES, "curve_preferences", .place = PLACE_TLS),
    OTHER(OPTION_VERSION, "min_version", .place = PLACE_TLS),
    OTHER(OPTION_COUNT, "connection_rate_limit", .place = PLACE_TLS, .at = AT(tls.rate_limit)),
    OTHER(OPTION_PAIRS, "certs|certificates", .place = PLACE_TLS),
    OTHER(OPTION_REFUSED,
          "verify_cert_and_check_known_urls|ocsp_peer|cert_store|cert_match_by|cert_match|ca_certs_"
          "match|"
          "cert_match_skip_invalid",
          .place = PLACE_TLS),
    FIXED(OPTION_SWITCH, allow_non_tls, "allow_non_tls", "AllowNonTLS"),
    OTHER(OPTION_REFUSED, "ocsp|ocsp_cache"),
#endif
#if MIDGE_CLOCK
    OTHER(OPTION_CLOCK, "clock", .at = AT(clock_build)),
    OTHER(OPTION_TEXT, "time_server", .at = AT(time_server)),
#endif
    SHOWN(OPTION_SECONDS, write_deadline_ms, "write_deadline"),
    FIXED(OPTION_COUNT, max_closed_clients, "max_closed_clients", "MaxClosedClients"),
#if MIDGE_CONFIG_HUB
    FIXED(OPTION_DURATION, lame_duck_duration_ms, "lame_duck_duration", "LameDuckDuration"),
    FIXED(OPTION_DURATION, lame_duck_grace_ms, "lame_duck_grace_period", "LameDuckGracePeriod"),
#endif
#if MIDGE_CONFIG_HUB || MIDGE_TRACE
    SHOWN(OPTION_COUNT, max_traced_msg_len, "max_traced_msg_len",
          HUB(.flags = "max_traced_msg_len")),
#endif

#if MIDGE_CONFIG_HUB
    NAMED(OPTION_TAGS, tags, "server_tags", .label = "Reloaded: tags"),
    OTHER(OPTION_WRITE_TIMEOUT, "write_timeout"),

    // Features to come: TLS and what uses it, accounts and who vouches for them, other servers,
    // other protocols. What is written of them without using them passes where it changes nothing
    // in nats-server either: an empty `tls` does there, it wants TLS of everybody, and so does an
    // empty `jetstream`, which enables it.
    OTHER(OPTION_UNBUILT, "auth_callout|auth_hook|proxy_required", .place = PLACE_AUTHORIZATION),
#if !MIDGE_NKEYS
    OTHER(OPTION_UNBUILT, "nkey|allowed_connection_types|connection_types|clients",
          .place = PLACE_USER),
#endif
    OTHER(OPTION_UNBUILT, "proxy_required", .place = PLACE_USER),
#if MIDGE_RESPONSES_MAX == 0
    OTHER(OPTION_UNBUILT, "allow_responses|publish_allow_responses", .place = PLACE_PERMISSIONS),
#endif
#if MIDGE_TLS
    OTHER(OPTION_SWITCH, "", .at = AT(tls_flags.on), .flags = "tls"),
    OTHER(OPTION_SWITCH, "", .at = AT(tls_flags.verify), .flags = "tlsverify"),
    OTHER(OPTION_TEXT, "", .at = AT(tls_flags.cert_file), .flags = "tlscert"),
    OTHER(OPTION_TEXT, "", .at = AT(tls_flags.key_file), .flags = "tlskey"),
    OTHER(OPTION_TEXT, "", .at = AT(tls_flags.ca_file), .flags = "tlscacert"),
#else
    OTHER(OPTION_UNBUILT, "allow_non_tls", .nothing = "true|yes|on"),
    OTHER(OPTION_UNBUILT, "tls|ocsp|ocsp_cache", .flags = "tls|tlscert|tlskey|tlsverify|tlscacert"),
#endif
#if !MIDGE_HTTPS
    OTHER(OPTION_UNBUILT, "https|https_port", .flags = "ms|https_port"),
#endif
    OTHER(OPTION_UNBUILT, "proxy_protocol|proxies|remote_syslog", .flags = "r|remote_syslog"),
    OTHER(OPTION_UNBUILT, "mappings|maps", .nothing = "{}"),
    OTHER(OPTION_UNBUILT, "resolver|account_resolver|accounts_resolver", .nothing = "mem|memory"),
    OTHER(OPTION_UNBUILT,
          "system_account|system|operator|operators|roots|root|root_operators|"
          "root_operator|trusted|trusted_keys|resolver_pinned_accounts|default_sentinel"),
    OTHER(OPTION_UNBUILT, "resolver_tls|resolver_preload", .nothing = "{}"),
    OTHER(OPTION_UNBUILT, "cluster|gateway|leafnodes|leaf", .nothing = "{}",
          .flags = "cluster|cluster_listen|cluster_name|cluster_advertise|no_advertise|"
                   "connect_retries|routes"),
    OTHER(OPTION_UNBUILT, "websocket|ws|mqtt|default_js_domain", .nothing = "{}"),
    OTHER(OPTION_UNBUILT, "jetstream", .nothing = "disabled|disable|{off}",
          .flags = "js|jetstream|sd|store_dir"),
    OTHER(OPTION_UNBUILT, "store_dir|storedir", .nothing = "*"),

    // What nobody could notice here.
    OTHER(OPTION_IGNORED,
          "no_system_account|no_system|no_sys_acc|disable_sublist_cache|no_sublist_cache|"
          "prof_port|prof_block_rate|connect_error_reports|reconnect_error_reports|"
          "server_metadata|feature_flags",
          .flags = "profile"),
#if !MIDGE_CLOCK
    // Of a chip: a hub's clock is the host's.
    OTHER(OPTION_IGNORED, "clock|time_server"),
#endif
#endif
};

const uint32_t options_count = sizeof options / sizeof options[0];

#define NUMBER(member, ...) \
    { .at = AT(member), __VA_ARGS__ }

// The least, the most and the standard of each number.
static const struct bounds bounds[] = {
    NUMBER(port, 0, 0, 4222),
    NUMBER(max_connections, 0, MIDGE_CLIENTS_MAX, MIDGE_CLIENTS_MAX),
    NUMBER(max_subscriptions, 0, MIDGE_SUBSCRIPTIONS_MAX, 0),
    NUMBER(max_sub_tokens, 0, MIDGE_TOKENS_MAX, 0),
    NUMBER(max_control_line, 0, MIDGE_CONTROL_LINE_MAX, LEAST_OF(4 * KIB, MIDGE_CONTROL_LINE_MAX)),
    NUMBER(max_payload, 0, MIDGE_PAYLOAD_MAX, LEAST_OF(1 * MIB, MIDGE_PAYLOAD_MAX)),
    NUMBER(max_pending, 0, PENDING_MAX, LEAST_OF(64 * MIB, PENDING_MAX)),
    NUMBER(max_closed_clients, 0, MIDGE_CLOSED_MAX, LEAST_OF(10000, MIDGE_CLOSED_MAX)),
    NUMBER(ping_interval_ms, 1, MS_MAX, 2 * MINUTE_MS),
    NUMBER(ping_max, 0, NO_MAX, 2),
    NUMBER(auth_timeout_ms, 1, MS_MAX, 2 * SECOND_MS),
#if MIDGE_TLS
    NUMBER(tls.timeout_ms, 1, MS_MAX, 2 * SECOND_MS),
    NUMBER(tls.rate_limit, 0, NO_MAX, 0),
#endif
    NUMBER(write_deadline_ms, 1, MS_MAX, 10 * SECOND_MS),
    NUMBER(lame_duck_duration_ms, 30 * SECOND_MS, MS_MAX, 2 * MINUTE_MS),
    NUMBER(lame_duck_grace_ms, 0, MS_MAX, 10 * SECOND_MS),
#if MIDGE_CONFIG_HUB
    NUMBER(log_max_num, 0, NO_MAX, 0),
#endif
#if MIDGE_CONFIG_HUB || MIDGE_TRACE
    NUMBER(max_traced_msg_len, 0, NO_MAX, 0),
#endif
};

const struct bounds *option_bounds(const struct option *o) {
    const struct bounds *b = bounds;
    while (b->at != o->at)
        b++;
    return b;
}

_Static_assert(AT(port) == AT(host) + sizeof(midge_text), "a port lies behind its host");
_Static_assert(AT(http_port) == AT(http_host) + sizeof(midge_text), "a port lies behind its host");
#if MIDGE_HTTPS
_Static_assert(AT(https_port) == AT(https_host) + sizeof(midge_text),
               "a port lies behind its host");
#endif
_Static_assert(IN_SET(publish_deny) == IN_SET(publish_allow) + IN_RULE(deny) &&
                   IN_SET(subscribe_deny) == IN_SET(subscribe_allow) + IN_RULE(deny),
               "what is denied lies behind what is allowed");

// ---- Setting one --------------------------------------------------------------------------------

// The finer kinds of tracing switch tracing itself too.
void option_set_switch(const struct option *o, void *into, bool value) {
    *(bool *)option_member(o, into) = value;
    if ((MIDGE_CONFIG_HUB || MIDGE_TRACE) &&
        (o->at == AT(trace_verbose) || o->at == AT(trace_headers)))
        ((struct midge_config *)into)->trace = value;
#if MIDGE_TLS
    if (o->at == AT(tls_flags.on))
        ((struct midge_config *)into)->tls_flags.off = !value;
#endif
}

// Sets a number, brought within the option's bounds. Answers whether it was above the most.
bool option_set_number(const struct option *o, void *into, number_t value) {
    const struct bounds *b = option_bounds(o);
    number_t least = (number_t)b->least;
    number_t most = (number_t)b->most;
    if (value == 0 && o->kind != OPTION_LIMIT)
        value = (number_t)b->standard;
    bool above = value > most;
    *(uint32_t *)option_member(o, into) = (uint32_t)(above ? most : value < least ? least : value);
    return above;
}

// A port as it was written. Whether it is one is checked at the end.
void option_set_port(int32_t *to, number_t value) {
    *to = value < INT32_MIN ? INT32_MIN : value > INT32_MAX ? INT32_MAX : (int32_t)value;
}

void options_reset(struct midge_config *config) {
    for (uint32_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++)
        *(uint32_t *)((char *)config + bounds[i].at) = bounds[i].standard;
    config->logtime = true;
}
