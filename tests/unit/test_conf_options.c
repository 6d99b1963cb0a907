// What each option does: where its value goes, its bounds, what a wrong value draws; and the flags.

#include "tests/unit/conf/reading.h"

#include "broker/conf/option.h"

#define MIB (1024 * 1024)

static void test_defaults(void **state) {
    (void)state;
    read_good("port: 0");
    assert_true(midge_config_complete(&config, &reading));
    assert_string_equal(text_of(config.host), "0.0.0.0");
    assert_int_equal(config.port, 4222);
    assert_string_equal(text_of(config.http_host), "0.0.0.0");
    assert_int_equal(config.http_port, 0);
    assert_string_equal(text_of(config.http_base_path), "");
    assert_string_equal(text_of(config.server_name), "");
    assert_int_equal(config.max_connections, MIDGE_CLIENTS_MAX);
    assert_int_equal(config.max_subscriptions, 0);
    assert_int_equal(config.max_sub_tokens, 0);
    assert_int_equal(config.max_control_line, 4096);
    assert_int_equal(config.max_payload, MIB);
    assert_int_equal(config.max_pending, 64 * MIB);
    assert_int_equal(config.ping_interval_ms, 120000);
    assert_int_equal(config.ping_max, 2);
    assert_int_equal(config.write_deadline_ms, 10000);
    assert_int_equal(config.auth_timeout_ms, 2000);
    assert_int_equal(config.lame_duck_duration_ms, 120000);
    assert_int_equal(config.lame_duck_grace_ms, 10000);
    assert_int_equal(config.max_closed_clients, 10000);
    assert_int_equal(config.max_traced_msg_len, 0);
    assert_true(config.logtime);
    assert_false(config.logtime_utc || config.debug || config.trace || config.trace_verbose ||
                 config.trace_headers || config.no_header_support || config.no_fast_producer_stall);
    assert_int_equal(config.users_count + config.permissions_count + config.subjects_count, 0);
    assert_int_equal(config.limits.connections, MIDGE_CONNECTIONS_MAX);
}

// Defaults take back all that an earlier reading has set.
static void test_defaults_again(void **state) {
    (void)state;
    static struct midge_config fresh, used;
    midge_config_defaults(&fresh);
    for (uint32_t i = 0; i < options_count; i++) {
        if (options[i].place <= PLACE_AUTHORIZATION && option_bytes(&options[i]) > 0)
            memset((char *)&used + options[i].at, 1, option_bytes(&options[i]));
    }
    used.users_count = used.permissions_count = used.subjects_count = used.tags_count = 7;
    used.text_bytes = 100;
    used.digest[0] = 'x';
    used.loaded_wall_us = 5;
    midge_config_defaults(&used);
    assert_memory_equal(&used, &fresh, offsetof(struct midge_config, users));
    for (uint32_t i = 0; i < options_count; i++) {
        if (options[i].place <= PLACE_AUTHORIZATION)
            assert_memory_equal((char *)&used + options[i].at, (char *)&fresh + options[i].at,
                                option_bytes(&options[i]));
    }
    assert_int_equal(used.tags_count, 0);
    assert_int_equal(used.text_bytes, fresh.text_bytes);
    assert_int_equal(used.digest[0], 0);
    assert_int_equal(used.loaded_wall_us, 0);
}

static void test_addresses(void **state) {
    (void)state;
    static const struct {
        const char *text, *host;
        int port;
    } cases[] = {
        {"listen: 4333", "", 4333},
        {"listen: 1.2.3.4:4333", "1.2.3.4", 4333},
        {"listen: \"[::1]:-1\"", "::1", -1},
        {"listen: \":5\"", "", 5},
        {"listen: a:5, port: 6", "a", 6},
        {"port: 6, listen: a:5", "a", 5},
        {"host: a\nlisten: 7", "", 7},
        {"port: 99999999999", "", INT32_MAX},
        {"port: -99999999999", "", INT32_MIN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        read_good(cases[i].text);
        assert_string_equal(text_of(config.host), cases[i].host);
        assert_int_equal(config.port, cases[i].port);
    }
    read_good("http: localhost:8222, port: 1, host: a");
    assert_string_equal(text_of(config.http_host), "localhost");
    assert_int_equal(config.http_port, 8222);
    read_good("http_port: 8222, host: ::1, client_advertise: b:3");
    assert_true(midge_config_complete(&config, &reading));
    assert_string_equal(text_of(config.http_host), "::1");
    assert_string_equal(text_of(config.client_advertise), "b:3");
}

static int32_t set(const char *flag, const char *value) {
    int32_t option = midge_option_flag(flag, (uint32_t)strlen(flag));
    assert_true(option >= 0);
    return midge_option_set(&config, option, value);
}

static void test_advertised(void **state) {
    (void)state;
    static const struct {
        const char *advertise, *host;
        int port;
        const char *wrong;
    } cases[] = {
        {"", "me", 4222, NULL},
        {"a", "a", 4222, NULL},
        {"a:5", "a", 5, NULL},
        {"a:0", "a", 4222, NULL},
        {"a:-1", "a", 4222, NULL},
        {":5", "me", 5, NULL},
        {"[::1]", "::1", 4222, NULL},
        {"[::1]:5", "::1", 5, NULL},
        {"a:b", NULL, 0, "invalid port"},
        {"a:b:c", NULL, 0, "too many colons in address"},
        {"::1", NULL, 0, "too many colons in address"},
        {"[::1", NULL, 0, "missing ']' in address"},
        {"[::1]:1:2", NULL, 0, "too many colons in address"},
        {"a]:1", NULL, 0, "unexpected ']' in address"},
        {"a[:1", NULL, 0, "unexpected '[' in address"},
        {"[[]:1", NULL, 0, "unexpected '[' in address"},
        {"a:[1", NULL, 0, "unexpected '[' in address"},
        {"a:1]", NULL, 0, "unexpected ']' in address"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct midge_address address;
        midge_config_defaults(&config);
        assert_int_equal(set("addr", "me"), 0);
        assert_int_equal(set("client_advertise", cases[i].advertise), 0);
        const char *wrong = midge_advertised(&config, 4222, &address);
        if (cases[i].wrong != NULL) {
            assert_non_null(wrong);
            assert_string_equal(wrong, cases[i].wrong);
            continue;
        }
        assert_null(wrong);
        assert_int_equal(address.host_bytes, strlen(cases[i].host));
        assert_memory_equal(address.host, cases[i].host, address.host_bytes);
        assert_int_equal(address.port, cases[i].port);
    }
}

static void test_base_path(void **state) {
    (void)state;
    static const struct {
        const char *text, *path;
    } cases[] = {
        {"http_base_path: nats", "/nats"}, {"http_base_path: /nats/", "/nats"},
        {"http_base_path: \"/\"", ""},     {"http_base_path: \"//a/b//\"", "/a/b"},
        {"http_base_path: \"\"", ""},      {"http_base_path: \"///\"", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        read_good(cases[i].text);
        assert_true(midge_config_complete(&config, &reading));
        assert_string_equal(text_of(config.http_base_path), cases[i].path);
    }
}

static void test_logging(void **state) {
    (void)state;
    read_good("debug: yes, logtime: off, logtime_utc: on, log_file: a, log_size_limit: 3GB, "
              "log_max_num: 4, syslog: true, max_traced_msg_len: 10");
    assert_true(config.debug && config.logtime_utc && config.syslog);
    assert_false(config.logtime);
    assert_string_equal(text_of(config.log_file), "a");
    assert_true(config.log_size_limit == 3ull * 1024 * MIB);
    assert_int_equal(config.log_max_num, 4);
    assert_int_equal(config.max_traced_msg_len, 10);
    // The finer kinds of tracing go with tracing.
    read_good("trace_verbose: true");
    assert_true(config.trace && config.trace_verbose);
    read_good("trace: true\ntrace_headers: false");
    assert_false(config.trace || config.trace_headers);
    read_good("log_size_limit: -1");
    assert_int_equal(config.log_size_limit, 0);
}

static void test_durations(void **state) {
    (void)state;
    read_good("ping_interval: \"1m30s\", write_deadline: \"1us\", lame_duck_duration: 1h, "
              "lame_duck_grace_period: \"0.5s\"");
    assert_int_equal(config.ping_interval_ms, 90000);
    assert_int_equal(config.write_deadline_ms, 1);
    assert_int_equal(config.lame_duck_duration_ms, 3600000);
    assert_int_equal(config.lame_duck_grace_ms, 500);
    assert_true(read_text("ping_interval: 10\nwrite_deadline: 3"));
    assert_int_equal(config.ping_interval_ms, 10000);
    assert_int_equal(config.write_deadline_ms, 3000);
    // Nought stands for the default.
    read_good("ping_interval: \"0s\", write_deadline: \"0\", authorization { timeout: 0 }");
    assert_int_equal(config.ping_interval_ms, 120000);
    assert_int_equal(config.write_deadline_ms, 10000);
    assert_int_equal(config.auth_timeout_ms, 2000);
    read_good("authorization { timeout: 0.25 }");
    assert_int_equal(config.auth_timeout_ms, 250);
    read_good("authorization { timeout: \"1.5s\" }");
    assert_int_equal(config.auth_timeout_ms, 1500);
    assert_true(read_text("authorization { timeout: \"1200h\" }"));
    assert_int_equal(config.auth_timeout_ms, INT32_MAX / 2);
    assert_non_null(strstr(said,
                           "\nR u.conf:1:16: timeout of 1200h0m0s is above the maximum of this "
                           "build, 298h15m41.823s, which is used instead\n"));
    // Beyond what a signed difference of milliseconds can tell, a time would have passed at once.
    assert_true(read_text("ping_interval: 1000h, write_deadline: 597h\n"
                          "lame_duck_duration: 299h, lame_duck_grace_period: 298h"));
    assert_int_equal(config.ping_interval_ms, INT32_MAX / 2);
    assert_int_equal(config.write_deadline_ms, INT32_MAX / 2);
    assert_int_equal(config.lame_duck_duration_ms, INT32_MAX / 2);
    assert_int_equal(config.lame_duck_grace_ms, 298 * 3600000);
    assert_true(read_text("lame_duck_grace_period: 1000h\nping_interval: 99999999"));
    assert_int_equal(config.lame_duck_grace_ms, INT32_MAX / 2);
    assert_int_equal(config.ping_interval_ms, INT32_MAX / 2);
    for (uint32_t i = 0; i < options_count; i++) {
        uint8_t kind = options[i].kind;
        if (kind == OPTION_DURATION || kind == OPTION_SECONDS || kind == OPTION_TIMEOUT)
            assert_int_equal(option_bounds(&options[i])->most, INT32_MAX / 2);
    }
}

static void test_no_limit(void **state) {
    (void)state;
    char expected[256];
    static const char *const values[] = {"-1", "-5", "-3000000000"};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        char text[64];
        snprintf(text, sizeof text, "max_payload: %s", values[i]);
        snprintf(expected, sizeof expected,
                 "R u.conf:1:0: max_payload of %s, no limit, is above the maximum of this build, "
                 "%d, which is used instead\n",
                 values[i], MIDGE_PAYLOAD_MAX);
        assert_true(read_text(text));
        assert_string_equal(said, expected);
        assert_int_equal(config.max_payload, MIDGE_PAYLOAD_MAX);
        assert_true(midge_config_complete(&config, &reading));
    }
    // Of these nats-server takes it as it is, and so lets nothing through, or as none at all.
    read_good("max_control_line: -1, max_connections: -1, max_subs: -1, max_traced_msg_len: -1");
    assert_int_equal(config.max_control_line + config.max_connections, 0);
    assert_int_equal(config.max_subscriptions + config.max_traced_msg_len, 0);
}

static void test_others(void **state) {
    (void)state;
    read_good("server_name: n, no_header_support: true, no_fast_producer_stall: true, pid_file: p, "
              "ports_file_dir: d, no_auth_user: u, server_tags: [\"A\", b], write_timeout: close");
    assert_string_equal(text_of(config.server_name), "n");
    assert_true(config.no_header_support && config.no_fast_producer_stall);
    assert_string_equal(text_of(config.pid_file), "p");
    assert_string_equal(text_of(config.ports_file_dir), "d");
    assert_string_equal(text_of(config.no_auth_user), "u");
    assert_int_equal(config.tags_count, 2);
    assert_string_equal(text_of(config.tags[0]), "a");
    assert_string_equal(text_of(config.tags[1]), "b");
    read_bad("server_tags: [a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q]",
             "E u.conf:1:0: more than 16 tags\n");
    read_bad("server_tags: [a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t]\nfoo: 1",
             "E u.conf:1:0: more than 16 tags\nE u.conf:2:1: unknown field \"foo\"\n");
    read_bad("write_timeout: retry",
             "E u.conf:1:0: write_timeout \"retry\" is not built into this midge yet\n");
}

// ---- Bounds -------------------------------------------------------------------------------------

static uint32_t number_of(const struct option *o) {
    uint32_t value;
    memcpy(&value, (char *)&config + o->at, sizeof value);
    return value;
}

static bool is_count(const struct option *o) {
    return o->kind == OPTION_COUNT || o->kind == OPTION_BYTES || o->kind == OPTION_LIMIT ||
           o->kind == OPTION_TOKENS || o->kind == OPTION_PAYLOAD;
}

// Every number at each of its bounds and beyond. Above the most it is brought down, and a remark
// names both.
static void test_bounds(void **state) {
    (void)state;
    int tested = 0;
    for (const struct option *o = options; o < options + options_count; o++) {
        char text[128], expected[256], name[64];
        if (!is_count(o) || o->place != PLACE_TOP)
            continue;
        snprintf(name, sizeof name, "%.*s", (int)strcspn(o->names, "|"), o->names);
        snprintf(text, sizeof text, "%s: %u", name, option_bounds(o)->most);
        if (o->kind != OPTION_TOKENS || option_bounds(o)->most <= 255) {
            read_good(text);
            assert_int_equal(number_of(o), option_bounds(o)->most);
        }
        if (o->kind != OPTION_TOKENS && option_bounds(o)->most < INT32_MAX) {
            snprintf(text, sizeof text, "%s: %u", name, option_bounds(o)->most + 1);
            snprintf(expected, sizeof expected,
                     "R u.conf:1:0: %s of %u is above the maximum of this build, %u, which is used "
                     "instead\n",
                     name, option_bounds(o)->most + 1, option_bounds(o)->most);
            assert_true(read_text(text));
            assert_string_equal(said, expected);
            assert_int_equal(number_of(o), option_bounds(o)->most);
        }
        if (o->kind != OPTION_TOKENS) {
            snprintf(text, sizeof text, "%s: -5", name);
            if (o->kind != OPTION_PAYLOAD) {
                read_good(text);
                assert_int_equal(number_of(o), option_bounds(o)->least);
            }
            snprintf(text, sizeof text, "%s: 0", name);
            read_good(text);
            assert_int_equal(number_of(o),
                             o->kind == OPTION_LIMIT ? 0 : option_bounds(o)->standard);
        }
        tested++;
    }
    assert_true(tested >= 10);
    assert_true(read_text("max_connections: 100K"));
    assert_int_equal(config.max_connections, MIDGE_CLIENTS_MAX);
}

// ---- Kinds --------------------------------------------------------------------------------------

// Every option with a value of every kind: never a crash, and an error unless it takes that kind.
static void test_wrong_kinds(void **state) {
    (void)state;
    static const char *const values[] = {
        "\"s\"",           "true", "7", "1.5", "2006-01-02T03:04:05Z", "{ a: b, c: [ d ] }",
        "[ a, { b: c } ]",
    };
    static const struct {
        enum option_kind kind;
        const char *taken;  // which of them are good, in their order
    } kinds[] = {
        {OPTION_SWITCH, ".X....."},        {OPTION_COUNT, "..X...."},
        {OPTION_BYTES, "..X...."},         {OPTION_LIMIT, "..X...."},
        {OPTION_TOKENS, "..X...."},        {OPTION_SIZE, "..X...."},
        {OPTION_PORT, "..X...."},          {OPTION_TEXT, "X......"},
        {OPTION_NAME, "X......"},          {OPTION_PASSWORD, "X......"},
        {OPTION_DURATION, "......."},      {OPTION_SECONDS, "..X...."},
        {OPTION_TIMEOUT, "..XX..."},       {OPTION_LISTEN, "..X...."},
        {OPTION_TAGS, "X......"},          {OPTION_WRITE_TIMEOUT, "......."},
        {OPTION_AUTHORIZATION, "......."}, {OPTION_USERS, "......."},
        {OPTION_PERMISSIONS, "......."},   {OPTION_UNBUILT, "......."},
        {OPTION_IGNORED, "XXXXXXX"},       {OPTION_PAYLOAD, "..X...."},
        {OPTION_PUBLISH, "X......"},       {OPTION_SUBSCRIBE, "X......"},
        {OPTION_SUBJECTS, "X......"},      {OPTION_QUEUES, "X......"},
        {OPTION_NKEY, "......."},          {OPTION_KINDS, "......."},
        {OPTION_RESPONSES, ".X....."},     {OPTION_REPLIES, "..X...."},
        {OPTION_EXPIRES, "......."},
        {OPTION_TLS, "......."},           {OPTION_VERIFY_AND_MAP, ".X....."},
        {OPTION_CIPHERS, "......."},       {OPTION_CURVES, "......."},
        {OPTION_VERSION, "......."},       {OPTION_PINS, "......."},
        {OPTION_FIRST, ".X....."},         {OPTION_REFUSED, "......."},
        {OPTION_PAIRS, "......."},
    };
    static const char *const around[] = {
        [PLACE_TOP] = "%.*s: %s\n",
        [PLACE_AUTHORIZATION] = "authorization {\n %.*s: %s\n}",
        [PLACE_TLS] = "tls {\n cert_file: c, key_file: k\n %.*s: %s\n}",
        [PLACE_USER] = "authorization {\n users: [ { user: a\n %.*s: %s\n } ] }",
        [PLACE_PERMISSIONS] = "authorization { permissions {\n %.*s: %s\n} }",
        [PLACE_RESPONSES] = "authorization { permissions { allow_responses {\n %.*s: %s\n} } }",
        [PLACE_PUBLISH] = "authorization { permissions { publish {\n %.*s: %s\n} } }",
        [PLACE_SUBSCRIBE] = "authorization { permissions { subscribe {\n %.*s: %s\n} } }",
    };
    for (const struct option *o = options; o < options + options_count; o++) {
        const char *taken = NULL;
        for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
            if (kinds[k].kind == (enum option_kind)o->kind)
                taken = kinds[k].taken;
        }
        // Of unbuilt features, what asks for nothing.
        if (o->nothing != NULL && o->nothing[0] == '*')
            taken = "X......";
        else if (o->nothing != NULL && strstr(o->nothing, "true") != NULL)
            taken = ".X.....";
        assert_non_null(taken);
        for (size_t v = 0; v < sizeof values / sizeof values[0] && o->names[0] != '\0'; v++) {
            char text[512];
            snprintf(text, sizeof text, around[o->place], (int)strcspn(o->names, "|"), o->names,
                     values[v]);
            if (read_text(text) != (taken[v] == 'X'))
                fail_msg("%s\n-- is said to be\n%s", text, said);
        }
    }
}

// Every name and alias is known, in any case.
static void test_names(void **state) {
    (void)state;
    static const char *const around[] = {
        [PLACE_TOP] = "%s: {}",
        [PLACE_AUTHORIZATION] = "authorization { %s: {} }",
        [PLACE_TLS] = "tls { %s: {} }",
        [PLACE_USER] = "authorization { users: [ { %s: {} } ] }",
        [PLACE_PERMISSIONS] = "authorization { permissions { %s: {} } }",
        [PLACE_RESPONSES] = "authorization { permissions { allow_responses { %s: {} } } }",
        [PLACE_PUBLISH] = "authorization { permissions { publish { %s: {} } } }",
        [PLACE_SUBSCRIBE] = "authorization { permissions { subscribe { %s: {} } } }",
    };
    int count = 0;
    for (const struct option *o = options; o < options + options_count; o++) {
        char names[512];
        snprintf(names, sizeof names, "%s", o->names);
        for (char *name = strtok(names, "|"); name != NULL; name = strtok(NULL, "|"), count++) {
            char text[256];
            for (char *c = name; *c != '\0'; c++)
                *c = (char)(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
            snprintf(text, sizeof text, around[o->place], name);
            read_text(text);
            if (strstr(said, "nknown field") != NULL)
                fail_msg("%s: %s", text, said);
        }
    }
    assert_true(count > 100);
}

static void test_unbuilt(void **state) {
    (void)state;
    read_bad("port: 1\nleafnodes { port: 7422 }",
             "E u.conf:2:1: \"leafnodes\" is not built into this midge yet\n");
    // What is switched off need not be there.
    read_good("jetstream: false, proxy_protocol: no, remote_syslog: off");
    assert_true(read_text("prof_port: 6060\nport: 1"));
    assert_string_equal(said, "R u.conf:1:0: \"prof_port\" has no effect here\n");
    assert_int_equal(config.port, 1);
}

// ---- What is checked at the end -----------------------------------------------------------------

static void test_complete(void **state) {
    (void)state;
    static const struct {
        const char *text, *said;
    } cases[] = {
        {"max_payload: 2MB, max_pending: 1MB",
         "E max_payload (2097152) cannot be higher than max_pending (1048576)\n"},
        {"lame_duck_duration: \"30s\", lame_duck_grace_period: \"40s\"",
         "E lame duck grace period (40s) should be strictly lower than lame duck duration (30s)\n"},
        {"no_auth_user: eve", "E no_auth_user: \"eve\" present, but users/nkeys are not defined\n"},
        {"no_auth_user: eve, authorization { users: [ {user: ada} ] }",
         "E no_auth_user: \"eve\" not present as user or nkey in authorization block or account "
         "configuration\n"},
        {"no_auth_user: ada, authorization { users: [ {user: ada} ] }", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        read_good(cases[i].text);
        assert_int_equal(midge_config_complete(&config, &reading), cases[i].said[0] == '\0');
        assert_string_equal(said, cases[i].said);
    }
}

// ---- Flags --------------------------------------------------------------------------------------

static void test_flags(void **state) {
    (void)state;
    read_good("port: 1, host: file, debug: true");
    assert_int_equal(set("p", "-1"), 0);
    assert_int_equal(config.port, -1);
    assert_int_equal(set("addr", "flag"), 0);
    assert_string_equal(text_of(config.host), "flag");
    assert_int_equal(set("D", "false"), 0);
    assert_false(config.debug);
    assert_int_equal(set("VV", "1"), 0);
    assert_true(config.trace && config.trace_verbose);
    assert_int_equal(set("log_size_limit", "5"), 0);
    assert_int_equal(config.log_size_limit, 5);
    assert_int_equal(set("max_traced_msg_len", "6"), 0);
    assert_int_equal(config.max_traced_msg_len, 6);
    assert_int_equal(set("user", "ada"), 0);
    assert_string_equal(text_of(config.username), "ada");
    assert_int_equal(set("profile", "6060"), 0);
}

static void test_bad_flags(void **state) {
    (void)state;
    midge_config_defaults(&config);
    assert_int_equal(midge_option_flag("nope", 4), MIDGE_ERR_INVALID);
    assert_int_equal(midge_option_flag("", 0), MIDGE_ERR_INVALID);
    assert_int_equal(midge_option_flag("d", 1), MIDGE_ERR_INVALID);
    assert_int_equal(set("p", "x"), MIDGE_ERR_INVALID);
    assert_int_equal(set("p", ""), MIDGE_ERR_INVALID);
    assert_int_equal(set("D", "maybe"), MIDGE_ERR_INVALID);
    assert_int_equal(set("js", "true"), MIDGE_ERR_UNBUILT);
    assert_int_equal(set("js", "false"), 0);
    assert_int_equal(set("pass", "$2a$10$abc"), 0);
    static char longest[MIDGE_CONFIG_TEXT_BYTES + 1];
    memset(longest, 'a', sizeof longest - 1);
    assert_int_equal(set("n", longest), MIDGE_ERR_FULL);
}

// Users of a file come before a token of the command line, and that before a name.
static void test_whom_flags_let_in(void **state) {
    (void)state;
    read_good("authorization { users: [ {user: ada} ] }");
    set("user", "bob");
    set("auth", "t");
    assert_true(midge_config_complete(&config, &reading));
    assert_true(config.username == 0 && config.token == 0 && config.users_count == 1);
    read_good("authorization { user: ada, password: b }");
    set("auth", "t");
    assert_true(midge_config_complete(&config, &reading));
    assert_true(config.username == 0 && config.password == 0);
    assert_string_equal(text_of(config.token), "t");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_defaults_again),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_advertised),
        cmocka_unit_test(test_base_path),
        cmocka_unit_test(test_logging),
        cmocka_unit_test(test_durations),
        cmocka_unit_test(test_no_limit),
        cmocka_unit_test(test_others),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_wrong_kinds),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_unbuilt),
        cmocka_unit_test(test_complete),
        cmocka_unit_test(test_flags),
        cmocka_unit_test(test_bad_flags),
        cmocka_unit_test(test_whom_flags_let_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
