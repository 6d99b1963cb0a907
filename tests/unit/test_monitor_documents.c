// The documents of monitoring, whole.

#include "tests/unit/monitor.h"

static void test_connz(void **state) {
    (void)state;
    struct midge *m = broker_start(100, 256);
    m->now.wall_us = 1700000000000000;
    client(m, "CONNECT {\"verbose\":false,\"name\":\"a<b>\",\"lang\":\"c\",\"version\":\"1\","
              "\"user\":\"joe\"}\r\nSUB foo.> 1\r\nSUB bar q 22\r\nUNSUB 22 5\r\n");
    pass_ms(m, 3723004);
    client(m, "CONNECT {\"verbose\":false}\r\nPUB foo.x 2\r\nhi\r\nPUB none 3\r\n123\r\n");
    pass_ms(m, 61000);
    m->connections[1].rtt_us = 1234;
    m->connections[2].rtt_us = 0;
    m->connections[2].stalls = 3;
    assert_int_equal(m->connections[1].delivered_us, m->connections[2].started_us);
    m->connections[1].delivered_us -= 3600000000;
    memcpy(m->id, "ID", 3);
    static const char expected[] = "{\n"
                                   "  \"server_id\": \"ID\",\n"
                                   "  \"now\": \"2023-11-14T23:16:24.004Z\",\n"
                                   "  \"num_connections\": 2,\n"
                                   "  \"total\": 2,\n"
                                   "  \"offset\": 0,\n"
                                   "  \"limit\": 7,\n"
                                   "  \"connections\": [\n"
                                   "    {\n"
                                   "      \"cid\": 1,\n"
                                   "      \"kind\": \"Client\",\n"
                                   "      \"type\": \"nats\",\n"
                                   "      \"ip\": \"10.0.0.1\",\n"
                                   "      \"port\": 4000,\n"
                                   "      \"start\": \"2023-11-14T22:13:20Z\",\n"
                                   "      \"last_activity\": \"2023-11-14T22:15:23.004Z\",\n"
                                   "      \"rtt\": \"1.234ms\",\n"
                                   "      \"uptime\": \"1h3m4s\",\n"
                                   "      \"idle\": \"1h1m1s\",\n"
                                   "      \"pending_bytes\": 0,\n"
                                   "      \"in_msgs\": 0,\n"
                                   "      \"out_msgs\": 1,\n"
                                   "      \"in_bytes\": 0,\n"
                                   "      \"out_bytes\": 2,\n"
                                   "      \"subscriptions\": 2,\n"
                                   "      \"name\": \"a\\u003cb\\u003e\",\n"
                                   "      \"lang\": \"c\",\n"
                                   "      \"version\": \"1\",\n"
                                   "      \"authorized_user\": \"joe\",\n"
                                   "      \"subscriptions_list_detail\": [\n"
                                   "        {\n"
                                   "          \"subject\": \"bar\",\n"
                                   "          \"qgroup\": \"q\",\n"
                                   "          \"sid\": \"22\",\n"
                                   "          \"msgs\": 0,\n"
                                   "          \"max\": 5,\n"
                                   "          \"cid\": 1\n"
                                   "        },\n"
                                   "        {\n"
                                   "          \"subject\": \"foo.\\u003e\",\n"
                                   "          \"sid\": \"1\",\n"
                                   "          \"msgs\": 1,\n"
                                   "          \"cid\": 1\n"
                                   "        }\n"
                                   "      ],\n"
                                   "      \"name_tag\": \"$G\"\n"
                                   "    },\n"
                                   "    {\n"
                                   "      \"cid\": 2,\n"
                                   "      \"kind\": \"Client\",\n"
                                   "      \"type\": \"nats\",\n"
                                   "      \"ip\": \"10.0.0.1\",\n"
                                   "      \"port\": 4001,\n"
                                   "      \"start\": \"2023-11-14T23:15:23.004Z\",\n"
                                   "      \"last_activity\": \"2023-11-14T23:15:23.004Z\",\n"
                                   "      \"rtt\": \"0s\",\n"
                                   "      \"uptime\": \"1m1s\",\n"
                                   "      \"idle\": \"1m1s\",\n"
                                   "      \"pending_bytes\": 0,\n"
                                   "      \"in_msgs\": 2,\n"
                                   "      \"out_msgs\": 0,\n"
                                   "      \"in_bytes\": 5,\n"
                                   "      \"out_bytes\": 0,\n"
                                   "      \"stalls\": 3,\n"
                                   "      \"subscriptions\": 0,\n"
                                   "      \"name_tag\": \"$G\"\n"
                                   "    }\n"
                                   "  ]\n"
                                   "}";
    assert_string_equal(body_of(m, "/connz?subs=DETAIL&auth=true&limit=7"), expected);
    const char *body = body_of(m, "/connz?subs=1&acc=%24G");
    assert_non_null(strstr(body, "\"version\": \"1\",\n"
                                 "      \"subscriptions_list\": [\n"
                                 "        \"bar\",\n"
                                 "        \"foo.\\u003e\"\n"
                                 "      ]\n"
                                 "    },\n"));
    body = body_of(m, "/connz?acc=other");
    assert_non_null(strstr(body, "\"total\": 0"));
    assert_non_null(strstr(body, "\"connections\": []\n}"));
}

static void test_others(void **state) {
    (void)state;
    struct midge *m = broker_start(100, 128);
    assert_string_equal(body_of(m, "/healthz"), "{\"status\":\"ok\"}");
    assert_string_equal(body_of(m, "/healthz?js-enabled-only=true"), "{\"status\":\"ok\"}");
    memcpy(m->id, "ID", 3);
    m->config->entropy(m->random, 4);
    assert_string_equal(body_of(m, "/leafz"), "{\n  \"server_id\": \"ID\",\n"
                                              "  \"now\": \"0001-01-01T00:00:00Z\",\n"
                                              "  \"leafnodes\": 0,\n  \"leafs\": []\n}");
    assert_string_equal(body_of(m, "/gatewayz"), "{\n  \"server_id\": \"ID\",\n"
                                                 "  \"now\": \"0001-01-01T00:00:00Z\",\n"
                                                 "  \"outbound_gateways\": {},\n"
                                                 "  \"inbound_gateways\": {}\n}");
    assert_string_equal(body_of(m, "/accountz"), "{\n  \"server_id\": \"ID\",\n"
                                                 "  \"now\": \"0001-01-01T00:00:00Z\",\n"
                                                 "  \"accounts\": [\n    \"$G\"\n  ]\n}");
    assert_string_equal(body_of(m, "/accstatz"), "{\n  \"server_id\": \"ID\",\n"
                                                 "  \"now\": \"0001-01-01T00:00:00Z\",\n"
                                                 "  \"account_statz\": []\n}");
    assert_int_equal(count_of(body_of(m, "/accstatz?unused=1"), "\"acc\": \"$G\""), 1);
    assert_non_null(strstr(body_of(m, "/routez"), "  \"server_name\": \"ID\",\n"));
    assert_non_null(strstr(body_of(m, "/jsz"), "  \"disabled\": true,\n"));
    assert_non_null(strstr(body_of(m, "/varz"), "  \"http_req_stats\": {\n"
                                                "    \"/accountz\": 1,\n"
                                                "    \"/accstatz\": 2,\n"
                                                "    \"/gatewayz\": 1,\n"
                                                "    \"/healthz\": 2,\n"
                                                "    \"/jsz\": 1,\n"
                                                "    \"/leafz\": 1,\n"
                                                "    \"/routez\": 1,\n"
                                                "    \"/varz\": 1\n  },\n"));
}

static void test_varz(void **state) {
    (void)state;
    struct midge *m = broker_start(100, 256);
    struct midge_config config = *m->config;
    config.auth_timeout_ms = 2500;
    config.max_subscriptions = 77;
    config.tags_count = 2;
    config.tags[0] = (midge_text)midge_config_add(&config, "one", 3);
    config.tags[1] = (midge_text)midge_config_add(&config, "t\"wo", 4);
    config.server_name = (midge_text)midge_config_add(&config, "name", 4);
    m->config = &config;
    struct midge_host host = {.rss_bytes = 5ull << 30,
                              .cpu_permille = 123,
                              .cores = 4,
                              .port = 4222,
                              .http_port = 8222,
                              .platform = "a <platform>"};
    midge_host(m, &host);
    client(m, "SUB a 1\r\nPUB a 3\r\nabc\r\n");
    const char *body = body_of(m, "/varz");
    assert_true(is_json(body));
    static const char *const lines[] = {
        "  \"server_name\": \"name\",\n",
        "  \"proto\": 1,\n  \"go\": \"a \\u003cplatform\\u003e\",\n",
        "  \"port\": 4222,\n",
        "  \"max_subscriptions\": 77,\n",
        "  \"ping_interval\": 120000000000,\n",
        "  \"http_port\": 8222,\n",
        "  \"auth_timeout\": 2.5,\n",
        "  \"cluster\": {},\n",
        "  \"mem\": 5368709120,\n  \"cores\": 4,\n",
        "  \"cpu\": 12.3,\n",
        "  \"connections\": 1,\n  \"total_connections\": 1,\n",
        "  \"in_msgs\": 1,\n  \"in_bytes\": 3,\n",
        "  \"out_msgs\": 1,\n  \"out_bytes\": 3,\n",
        "  \"subscriptions\": 1,\n",
        "  \"tags\": [\n    \"one\",\n    \"t\\\"wo\"\n  ],\n",
        "  \"pools\": {\n    \"connections\": {\n      \"in_use\": 2,\n      \"high\": 2,\n"
        "      \"limit\": ",
    };
    for (uint32_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        assert_int_equal(count_of(body, lines[i]), 1);
    assert_null(strstr(body, "auth_required"));
    config.token = config.server_name;
    assert_non_null(strstr(body_of(m, "/varz"), "  \"auth_required\": true,\n"));
    config.client_advertise = (midge_text)midge_config_add(&config, "[fd::1]:99", 10);
    assert_non_null(strstr(body_of(m, "/varz"), "  \"host\": \"fd::1\",\n  \"port\": 99,\n"));
#define X(name, type, max) \
    assert_int_equal(count_of(body, "    \"" #name "\": {\n      \"in_use\": "), 1);
    MIDGE_POOLS(X)
#undef X
}

static void test_subsz(void **state) {
    (void)state;
    struct midge *m = broker_start(100, 128);
    client(m,
           "CONNECT {\"verbose\":false}\r\nSUB foo.* 1\r\nSUB foo.a q 2\r\nSUB bar 3\r\nSUB > 4\r\n"
           "UNSUB 4\r\nPUB foo.a 1\r\nx\r\nPUB foo.a 1\r\nx\r\nPUB foo.a 1\r\nx\r\nPUB foo.a "
           "1\r\nx\r\n");
    const char *body = body_of(m, "/subsz");
    assert_null(strstr(body, "subscriptions_list"));
    assert_int_equal(number_of(body, "num_subscriptions", 0), 3);
    assert_int_equal(number_of(body, "num_inserts", 0), 4);
    assert_int_equal(number_of(body, "num_removes", 0), 1);
    assert_int_equal(number_of(body, "num_matches", 0), 4);
    assert_int_equal(number_of(body, "num_cache", 0), 1);
    assert_int_equal(number_of(body, "max_fanout", 0), 2);
    assert_non_null(strstr(body, "\"cache_hit_rate\": 0.5,"));
    assert_int_equal(number_of(body, "total", 0), 0);
    body = body_of(m, "/subscriptionsz?subs=1&limit=1&offset=1");
    assert_int_equal(number_of(body, "total", 0), 3);
    assert_int_equal(count_of(body, "\"sid\""), 1);
    assert_non_null(strstr(body, "\"subject\": \"foo.a\",\n      \"qgroup\": \"q\",\n"));
    body = body_of(m, "/subsz?subs=1&test=foo.b");
    assert_int_equal(number_of(body, "total", 0), 1);
    assert_non_null(strstr(body, "\"account\": \"$G\",\n      \"account_tag\": \"$G\",\n"
                                 "      \"subject\": \"foo.*\",\n"));
    body = body_of(m, "/subsz?subs=1&test=foo.a&offset=1");
    assert_int_equal(number_of(body, "total", 0), 2);
    assert_int_equal(count_of(body, "\"sid\""), 1);
    body = body_of(m, "/subsz?subs=1&acc=other");
    assert_int_equal(number_of(body, "num_subscriptions", 0), 0);
    assert_null(strstr(body, "\"sid\""));
    assert_int_equal(number_of(body_of(m, "/varz"), "/subsz", 0), 5);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_connz),
        cmocka_unit_test(test_others),
        cmocka_unit_test(test_varz),
        cmocka_unit_test(test_subsz),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
