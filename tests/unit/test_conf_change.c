// What a reload says of two configurations that differ.

#include "tests/unit/conf/reading.h"

#include "broker/conf/option.h"

static struct midge_config before;

// Reads both texts and answers all that is said of their difference, a line each, with an F before
// what cannot change. What is always said is left out.
static const char *changes(const char *from, const char *to) {
    static char lines[4096];
    char line[512];
    bool fixed = false;
    read_good(from);
    assert_true(midge_config_complete(&config, &reading));
    memcpy(&before, &config, sizeof config);
    read_good(to);
    assert_true(midge_config_complete(&config, &reading));
    lines[0] = '\0';
    for (int32_t i = 0;
         (i = midge_config_change(&before, &config, i, &fixed, line, sizeof line)) != 0;) {
        if (strcmp(line, "Reloaded: authorization users") != 0 &&
            strcmp(line, "Reloaded: accounts") != 0)
            sprintf(lines + strlen(lines), "%s%s\n", fixed ? "F " : "", line);
    }
    return lines;
}

static void test_nothing(void **state) {
    (void)state;
    assert_string_equal(changes("port: 1", "port: 1"), "");
    // The same texts, at other places of the arena.
    assert_string_equal(changes("server_name: a, host: b", "host: b, server_name: a"), "");
    assert_string_equal(
        changes("server_tags: [a, b], pid_file: c", "pid_file: c, server_tags: [a, b]"), "");
}

static void test_shown(void **state) {
    (void)state;
    static const struct {
        const char *text, *line;
    } cases[] = {
        {"debug: true", "Reloaded: debug = true\n"},
        {"trace: true", "Reloaded: trace = true\n"},
        {"logtime: false", "Reloaded: logtime = false\n"},
        {"logtime_utc: true", "Reloaded: logtime_utc = true\n"},
        {"log_file: a", "Reloaded: log_file = a\n"},
        {"max_connections: 10", "Reloaded: max_connections = 10\n"},
        {"max_control_line: 1024", "Reloaded: max_control_line = 1024\n"},
        {"max_payload: 2kb", "Reloaded: max_payload = 2048\n"},
        {"ping_interval: \"90s\"", "Reloaded: ping_interval = 1m30s\n"},
        {"ping_max: 5", "Reloaded: ping_max = 5\n"},
        {"write_deadline: \"1.5s\"", "Reloaded: write_deadline = 1.5s\n"},
        {"max_traced_msg_len: 7", "Reloaded: max_traced_msg_len = 7\n"},
        {"pid_file: p", "Reloaded: pid_file = p\n"},
        {"ports_file_dir: d", "Reloaded: ports_file_dir = d\n"},
        {"client_advertise: a:1", "Reload: client_advertise = a:1\n"},
        {"authorization { timeout: 3 }", "Reloaded: authorization timeout = 3\n"},
        {"authorization { timeout: 0.25 }", "Reloaded: authorization timeout = 0.25\n"},
        {"authorization { timeout: 1.005 }", "Reloaded: authorization timeout = 1.005\n"},
        {"server_tags: a", "Reloaded: tags\n"},
        {"authorization { user: a, pass: b }",
         "Reloaded: authorization username\nReloaded: authorization password\n"},
        {"authorization { token: a }", "Reloaded: authorization token\n"},
        {"trace_verbose: true", "Reloaded: trace = true\nReloaded: trace_verbose = true\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(changes("port: 4222", cases[i].text), cases[i].line);
}

static void test_fixed(void **state) {
    (void)state;
    static const struct {
        const char *text, *line;
    } cases[] = {
        {"port: 2", "Port: old=1, new=2"},
        {"port: 1, server_name: a", "ServerName: old=, new=a"},
        {"port: 1, http_port: 8222", "HTTPPort: old=0, new=8222"},
        {"port: 1, http_base_path: a", "HTTPBasePath: old=, new=/a"},
        {"port: 1, max_subscriptions: 5", "MaxSubs: old=0, new=5"},
        {"port: 1, max_pending: 2MB", "MaxPending: old=67108864, new=2097152"},
        {"port: 1, lame_duck_duration: \"40s\"", "LameDuckDuration: old=2m0s, new=40s"},
        {"port: 1, lame_duck_grace_period: \"1s\"", "LameDuckGracePeriod: old=10s, new=1s"},
        {"port: 1, log_size_limit: 5", "LogSizeLimit: old=0, new=5"},
        {"port: 1, no_header_support: true", "NoHeaderSupport: old=false, new=true"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char expected[256];
        snprintf(expected, sizeof expected, "F config reload not supported for %s\n",
                 cases[i].line);
        assert_string_equal(changes("port: 1", cases[i].text), expected);
    }
    assert_string_equal(changes("host: a", "host: b"),
                        "F config reload not supported for Host: old=a, new=b\n"
                        "F config reload not supported for HTTPHost: old=a, new=b\n");
    // Any port is as good as the one that was bound.
    assert_string_equal(changes("port: 1", "port: -1"), "");
}

#define USERS(name) "authorization { users: [ {user: " name "} ] }\n"

static void test_no_auth_user(void **state) {
    (void)state;
    assert_string_equal(changes(USERS("a") "no_auth_user: a", USERS("a")),
                        "F config reload not supported for NoAuthUser: old=a, new=\n");
    assert_string_equal(changes(USERS("a"), USERS("a") "no_auth_user: a"),
                        "F config reload not supported for NoAuthUser: old=, new=a\n");
    // Who is no user any more can be nobody's.
    assert_string_equal(changes(USERS("a") "no_auth_user: a", USERS("b")), "");
}

// Each row by itself: a difference in its member is seen, and in nothing else.
static void test_every_row(void **state) {
    (void)state;
    int seen = 0;
    for (const struct option *o = options; o < options + options_count; o++) {
        uint32_t bytes = option_bytes(o);
        if (o->reload == RELOAD_NOTHING || o->reload == RELOAD_ALWAYS || bytes == 0)
            continue;
        bool fixed;
        char line[512];
        midge_config_defaults(&before);
        midge_config_defaults(&config);
        before.text[0] = config.text[0] = '\0';
        config.text[1] = 'x', config.text[2] = '\0';
        // By one, whatever the order of bytes.
        bool big = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
        *((uint8_t *)&config + o->at + (big ? bytes - 1 : 0)) ^= 1;
        int32_t i = midge_config_change(&before, &config, 0, &fixed, line, sizeof line);
        while (i != 0 && &options[i - 1] != o) {
            assert_int_equal(options[i - 1].reload, RELOAD_ALWAYS);
            i = midge_config_change(&before, &config, i, &fixed, line, sizeof line);
        }
        assert_int_not_equal(i, 0);
        assert_int_equal(fixed, o->reload == RELOAD_REFUSED);
        seen++;
    }
    assert_true(seen > 35);
}

static void test_a_short_line_is_cut(void **state) {
    (void)state;
    char line[12];
    bool fixed;
    midge_config_defaults(&before);
    midge_config_defaults(&config);
    config.debug = true;
    assert_int_not_equal(midge_config_change(&before, &config, 0, &fixed, line, sizeof line), 0);
    assert_string_equal(line, "Reloaded: d");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing),   cmocka_unit_test(test_shown),
        cmocka_unit_test(test_fixed),     cmocka_unit_test(test_no_auth_user),
        cmocka_unit_test(test_every_row), cmocka_unit_test(test_a_short_line_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
