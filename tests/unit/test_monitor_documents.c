// What monitoring says: whole documents, sorting, paging, filters, complaints, times.

#include <stdio.h>
#include <time.h>

#include "tests/unit/monitor.h"

#include "broker/ops/moment.h"
#include "broker/ops/parameter.h"

// A reading of a plain member, the `nth` of that name.
static uint64_t number_of(const char *text, const char *name, uint32_t nth) {
    char key[64] = "\"";
    strcat(strcat(key, name), "\": ");
    for (uint32_t i = 0; i <= nth; i++) {
        text = strstr(text, key);
        assert_non_null(text);
        text += strlen(key);
    }
    uint64_t v = 0;
    for (; *text >= '0' && *text <= '9'; text++)
        v = v * 10 + (uint64_t)(*text - '0');
    return v;
}

static void assert_cids(const char *body, const char *expected) {
    char cids[256] = "";
    uint32_t count = count_of(body, "\"cid\": ");
    for (uint32_t i = 0; i < count; i++) {
        char digits[2] = {(char)('0' + number_of(body, "cid", i)), '\0'};
        strcat(cids, digits);
    }
    assert_string_equal(cids, expected);
    assert_true(is_json(body));
    assert_int_equal(number_of(body, "num_connections", 0), count);
}

// ---- Whole documents --------------------------------------------------------------------------------

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

// ---- Which connections, in which order ----------------------------------------------------------------

// Clients 1 to 5, of which 2 and 4 have ended.
static struct midge *five_clients(void) {
    static const struct {
        uint64_t in_msgs, out_msgs, in_bytes, out_bytes, active_us;
        uint32_t rtt_us;
    } facts[] = {
        {5, 1, 50, 90, 700, 11}, {4, 2, 10, 80, 900, 12}, {3, 9, 20, 70, 100, 13},
        {2, 4, 60, 95, 800, 14}, {3, 9, 30, 60, 300, 15},
    };
    static const char *const subs[] = {"SUB a 1\r\nSUB a 2\r\n", "", "SUB a 1\r\n",
                                       "SUB a 1\r\nSUB a 2\r\nSUB a 3\r\n", ""};
    struct midge *m = broker_start(100, 256);
    midge_conn conns[5];
    for (uint32_t i = 0; i < 5; i++) {
        char says[200] = "CONNECT {\"verbose\":false,\"user\":\"u0\"}\r\n";
        says[34] = (char)('0' + i % 2);
        conns[i] = client(m, strcat(says, subs[i]));
        struct conn *c = &m->connections[midge_slot(conns[i])];
        c->in_msgs = facts[i].in_msgs;
        c->out_msgs = facts[i].out_msgs;
        c->in_bytes = facts[i].in_bytes;
        c->out_bytes = facts[i].out_bytes;
        c->active_us = facts[i].active_us;
        c->rtt_us = facts[i].rtt_us;
        pass_ms(m, 10);
    }
    midge_closed(m, conns[3], MIDGE_STALE);
    pass_ms(m, 1000);
    midge_closed(m, conns[1], MIDGE_READ_ERROR);
    pass_ms(m, 10);
    return m;
}

static void test_sorting(void **state) {
    (void)state;
    static const struct {
        const char *query, *cids;
    } cases[] = {
        {"", "135"},
        {"?sort=cid", "135"},
        {"?sort=start", "135"},
        {"?sort=subs", "135"},
        {"?sort=pending", "135"},
        {"?sort=msgs_to", "351"},
        {"?sort=msgs_from", "135"},
        {"?sort=bytes_to", "135"},
        {"?sort=bytes_from", "153"},
        {"?sort=last", "153"},
        {"?sort=idle", "351"},
        {"?sort=uptime", "531"},
        {"?sort=rtt", "531"},
        {"?state=OPEN", "135"},
        {"?state=closed", "24"},
        {"?state=closed&sort=stop", "24"},
        {"?state=closed&sort=reason", "24"},
        {"?state=closed&sort=subs", "42"},
        {"?state=closed&sort=uptime", "42"},
        {"?state=any", "12345"},
        {"?state=all&sort=subs", "41325"},
        {"?state=all&sort=bytes_to", "41235"},
        {"?limit=2", "13"},
        {"?offset=1&limit=1", "3"},
        {"?offset=3", ""},
        {"?offset=99999999999", ""},
        {"?offset=-1&limit=-1", "135"},
        {"?limit=0", "135"},
        {"?state=all&sort=msgs_from&offset=1&limit=3", "235"},
        {"?user=u0", "135"},
        {"?user=u1", ""},
        {"?user=u1&state=any", "24"},
        {"?user=u", ""},
        {"?cid=3", "3"},
        {"?cid=4", ""},
        {"?cid=4&state=closed", "4"},
        {"?cid=4&state=any&limit=100", "4"},
        {"?cid=9&state=any", ""},
        {"?cid=3&mqtt_client=x", ""},
        {"?user=u0&mqtt_client=x", ""},
    };
    struct midge *m = five_clients();
    for (uint32_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char target[128] = "/connz";
        assert_cids(body_of(m, strcat(target, cases[i].query)), cases[i].cids);
    }
    // What is counted is what there is, not what passes the filters.
    assert_int_equal(number_of(body_of(m, "/connz?user=u1"), "total", 0), 3);
    assert_int_equal(number_of(body_of(m, "/connz?state=any&limit=1"), "total", 0), 5);
    assert_int_equal(number_of(body_of(m, "/connz?cid=3"), "limit", 0), 1);
    assert_int_equal(number_of(body_of(m, "/connz?limit=-4"), "limit", 0), 1024);
}

static void test_closed(void **state) {
    (void)state;
    struct midge *m = five_clients();
    const char *body = body_of(m, "/connz?state=closed&auth=1&subs=1");
    assert_int_equal(count_of(body, "\"reason\": \"Stale Connection\""), 1);
    assert_int_equal(count_of(body, "\"reason\": \"Read Error\""), 1);
    assert_int_equal(count_of(body, "\"authorized_user\": \"u1\""), 2);
    assert_int_equal(count_of(body, "\"uptime\": \"1s\""), 1);
    assert_int_equal(count_of(body, "\"uptime\": \"0s\""), 1);
    assert_null(strstr(body, "name_tag"));
    assert_null(strstr(body, "subscriptions_list"));
    assert_non_null(strstr(body, "\"subscriptions\": 3"));
    assert_null(strstr(body_of(m, "/connz"), "\"reason\""));
}

// Only the last clients are remembered, and what they said of themselves is given back.
static void test_closed_ring(void **state) {
    (void)state;
    struct midge *m = broker_start(100, 256);
    struct midge_config config = *m->config;
    m->config = &config;
    for (uint32_t most = 0; most <= 3; most++) {
        config.max_closed_clients = most;
        for (uint32_t i = 0; i < 5; i++)
            midge_closed(m, client(m, "CONNECT {\"name\":\"someone\"}\r\n"), MIDGE_PEER_CLOSED);
        pass_ms(m, 1);
        const char *body = body_of(m, "/connz?state=closed");
        assert_int_equal(count_of(body, "\"cid\""), most);
        assert_int_equal(number_of(body, "total", 0), most);
        if (most > 0)
            assert_int_equal(number_of(body, "cid", most - 1), m->last_cid - 1);
    }
    config.max_closed_clients = MIDGE_CLOSED_MAX;
    for (uint32_t i = 0; i < 2 * MIDGE_CLOSED_MAX; i++) {
        char says[] = "CONNECT {\"name\":\"client-000\"}\r\n";
        says[24] = (char)('0' + i / 100 % 10);
        says[25] = (char)('0' + i / 10 % 10);
        says[26] = (char)('0' + i % 10);
        midge_closed(m, client(m, says), MIDGE_PEER_CLOSED);
        pass_ms(m, 1);
    }
    uint64_t oldest = m->last_cid - MIDGE_CLOSED_MAX + 1;
    const char *body = body_of(m, "/connz?state=closed&limit=1");
    assert_int_equal(number_of(body, "total", 0), MIDGE_CLOSED_MAX);
    assert_int_equal(number_of(body, "cid", 0), oldest);
    // The names of a thousand, `*` and `>`.
    assert_true(m->pools[POOL_texts].used <= 1000 + 2);
}

// ---- Refusals ---------------------------------------------------------------------------------------

static void test_complaints(void **state) {
    (void)state;
    static const struct {
        const char *target, *text;
    } cases[] = {
        {"/connz?auth=x", "Error decoding boolean for 'auth': strconv.ParseBool: parsing \"x\": "
                          "invalid syntax"},
        {"/connz?subs=x", "Error decoding boolean for 'subs': strconv.ParseBool: parsing \"x\": "
                          "invalid syntax"},
        {"/subsz?subs=detail", "Error decoding boolean for 'subs': strconv.ParseBool: parsing "
                               "\"detail\": invalid syntax"},
        {"/connz?limit=1x",
         "Error decoding int for 'limit': strconv.Atoi: parsing \"1x\": invalid syntax"},
        {"/connz?offset=%22",
         "Error decoding int for 'offset': strconv.Atoi: parsing \"\\\"\": invalid syntax"},
        {"/subsz?limit=9223372036854775808",
         "Error decoding int for 'limit': strconv.Atoi: parsing "
         "\"9223372036854775808\": value out of range"},
        {"/connz?cid=-1",
         "Error decoding uint64 for 'cid': strconv.ParseUint: parsing \"-1\": invalid syntax"},
        {"/connz?state=foo", "Error decoding state for foo"},
        {"/connz?sort=foo", "invalid sorting option: foo"},
        {"/connz?sort=stop", "sort by stop only valid on closed connections"},
        {"/connz?sort=reason&state=any", "sort by reason only valid on closed connections"},
        {"/subsz?test=foo.%3E", "invalid test subject, must be valid publish subject: foo.>"},
        {"/accountz?acc=x", "Account x does not exist"},
        {"/jsz?streams=2",
         "Error decoding boolean for 'streams': strconv.ParseBool: parsing \"2\": "
         "invalid syntax"},
    };
    struct midge *m = broker_start(100, 4096);
    for (uint32_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(complaint_of(m, cases[i].target), cases[i].text);
    assert_int_equal(number_of(body_of(m, "/varz"), "/connz", 0), 9);
}

static void test_statuses(void **state) {
    (void)state;
    struct midge *m = broker_start(100, 128);
    static const struct {
        const char *request, *begins;
        bool closes;
    } cases[] = {
        {"GET /nope HTTP/1.1\r\n\r\n", "HTTP/1.1 404 Not Found\r\n", false},
        {"GET /varz/ HTTP/1.1\r\n\r\n", "HTTP/1.1 404 Not Found\r\n", false},
        {"GET * HTTP/1.1\r\n\r\n", "HTTP/1.1 404 Not Found\r\n", false},
        {"GET /%zz HTTP/1.1\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n", true},
        {"nonsense\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n", true},
        {"GET / HTTP/2.0\r\n\r\n", "HTTP/1.1 505 HTTP Version Not Supported\r\n", true},
        {"POST /healthz HTTP/1.1\r\ncontent-length: 2\r\n\r\nab", "HTTP/1.1 200 OK\r\n", true},
        {"POST /varz HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
         "HTTP/1.1 200 OK\r\n", true},
        {"POST /healthz HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\n", false},
        {"GET /varz HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK\r\n", true},
        {"GET /connz?sort=x HTTP/1.0\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n", true},
        {"GET /varz HTTP/1.1\r\nConnection: keep-alive\r\n\r\n", "HTTP/1.1 200 OK\r\n", false},
        {"GET /varz HTTP/1.1\r\nCONNECTION:Close\r\n\r\n", "HTTP/1.1 200 OK\r\n", true},
        {"GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n", "HTTP/1.1 200 OK\r\n", true},
    };
    for (uint32_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *text = exchange(m, cases[i].request, UINT32_MAX, UINT32_MAX);
        assert_memory_equal(text, cases[i].begins, strlen(cases[i].begins));
        assert_int_equal(got.closed, cases[i].closes);
    }
    char request[200] = "GET /";
    memset(request + 5, 'a', 150);
    const char *text = exchange(m, request, 1, 1);
    assert_memory_equal(text, "HTTP/1.1 414 URI Too Long\r\n", 27);
    text = exchange(m, "HEAD /varz HTTP/1.1\r\n\r\n", UINT32_MAX, UINT32_MAX);
    assert_memory_equal(text, "HTTP/1.1 200 OK\r\n", 17);
    assert_string_equal(strstr(text, "\r\n\r\n"), "\r\n\r\n");
    static const char *const wrong[] = {"/nope", "/connz?sort=x", "/%zz"};
    for (uint32_t i = 0; i < 3; i++) {
        char line[64];
        snprintf(line, sizeof line, "HEAD %s HTTP/1.1\r\n\r\n", wrong[i]);
        text = exchange(m, line, UINT32_MAX, UINT32_MAX);
        assert_memory_equal(text, "HTTP/1.1 40", 11);
        assert_string_equal(strstr(text, "\r\n\r\n"), "\r\n\r\n");
    }
    // The client asked for nothing more.
    assert_int_equal(m->open[MIDGE_MONITOR], 0);
    assert_int_equal(m->pools[POOL_blocks].used, 0);
}

#define ERROR "{\"status\":\"error\",\"error\":\""
#define DETAILS(type) "{\"status\":\"error\",\"errors\":[{\"type\":\"" type "\",\"error\":\""
#define NO_ACCOUNT "\\\"account\\\" must not be empty when checking stream health"
#define NO_STREAM "\\\"stream\\\" must not be empty when checking consumer health"
#define LEAVING "failed to be ready for connections after 1ms: server"

// What /healthz says of health that is not "ok", and its status.
static void assert_ill(struct midge *m, const char *query, const char *status, const char *says) {
    char request[128] = "GET /healthz";
    strcat(strcat(request, query), " HTTP/1.1\r\n\r\n");
    const char *text = exchange(m, request, UINT32_MAX, UINT32_MAX);
    assert_memory_equal(text, "HTTP/1.1 ", 9);
    assert_memory_equal(text + 9, status, strlen(status));
    assert_non_null(strstr(text, "\r\nContent-Type: application/json\r\n"));
    assert_string_equal(strstr(text, "\r\n\r\n") + 4, says);
}

// A hub that is about to go is not to be sent more clients; a stream or consumer that is asked after
// must be named whole.
static void test_health(void **state) {
    (void)state;
    struct midge *m = broker_start(100, 256);
    assert_string_equal(body_of(m, "/healthz"), "{\"status\":\"ok\"}");
    assert_string_equal(body_of(m, "/healthz?account=a&stream=s&consumer=c&details=1"),
                        "{\"status\":\"ok\"}");
    assert_ill(m, "?stream=s&consumer=c", "400 Bad Request", ERROR NO_ACCOUNT "\"}");
    assert_ill(m, "?consumer=c&account=a", "400 Bad Request", ERROR NO_STREAM "\"}");
    client(m, "CONNECT {}\r\n");
    midge_lame_duck(m);
    assert_ill(m, "?stream=s&details=true", "400 Bad Request",
               DETAILS("BAD_REQUEST") NO_ACCOUNT "\"}]}");
    assert_ill(m, "", "500 Internal Server Error", ERROR LEAVING "\"}");
    assert_ill(m, "?details=true", "500 Internal Server Error",
               DETAILS("CONNECTION") LEAVING "\"}]}");
}

static void test_base_path(void **state) {
    (void)state;
    struct midge *m = broker_start(100, 256);
    struct midge_config config = *m->config;
    m->config = &config;
    config.http_base_path = (midge_text)midge_config_add(&config, "/base/path", 10);
    assert_string_equal(body_of(m, "/base/path/healthz"), "{\"status\":\"ok\"}");
    assert_non_null(strstr(body_of(m, "/base/path"), "<a href=\"/base/path/varz\">"));
    assert_string_equal(body_of(m, "//base/path/healthz"), "{\"status\":\"ok\"}");
    static const char *const others[] = {"/", "/healthz", "/base/path/", "/base/pathhealthz",
                                         "/bas"};
    for (uint32_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        char request[64] = "GET ";
        strcat(strcat(request, others[i]), " HTTP/1.1\r\n\r\n");
        const char *text = exchange(m, request, UINT32_MAX, UINT32_MAX);
        assert_memory_equal(text, "HTTP/1.1 404", 12);
    }
    config.http_base_path = 0;
    const char *page = body_of(m, "/");
    assert_non_null(strstr(page, "<a href=\"/varz\">"));
    assert_int_equal(count_of(page, "<a href="), 10);
}

// ---- Texts and times --------------------------------------------------------------------------------

// A text is cut into stretches, wherever its characters begin; they come out as if it were not.
static void test_text(void **state) {
    (void)state;
    static const char *const pieces[] = {
        "a", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\\\\",     "\\\"",
        "<", "\xff",     "\xc3",         "\xe2\x82",         "\x80\x80", "\\u0001"};
    for (uint32_t round = 0; round < 2000; round++) {
        struct midge *m = broker_start(100, round % 2 ? 128 : 4096);
        char says[700] = "CONNECT {\"verbose\":false,\"name\":\"";
        for (uint32_t i = 1 + chance(60); i > 0; i--)
            strcat(says, pieces[chance(sizeof pieces / sizeof pieces[0])]);
        client(m, strcat(says, "\"}\r\n"));
        uint8_t name[700];
        uint32_t n = text_copy(m, m->connections[1].name, name, sizeof name);
        char expected[6000] = "      \"name\": ";
        struct format f = {(uint8_t *)expected, 14, sizeof expected - 8};
        format_json(&f, name, n);
        memcpy(expected + f.n, "\n    }", 7);
        assert_non_null(strstr(body_of(m, "/connz"), expected));
    }
}

static void test_moments(void **state) {
    (void)state;
    for (uint32_t round = 0; round < 100000; round++) {
        uint64_t us = ((uint64_t)chance(1u << 30) << 20 | chance(1u << 20)) * 9 + 1;
        if (round % 3 == 0)
            us -= us % 1000000;
        if (us == 0)
            continue;
        time_t seconds = (time_t)(us / 1000000);
        char expected[64];
        strftime(expected, sizeof expected, "%Y-%m-%dT%H:%M:%S", gmtime(&seconds));
        char fraction[16];
        snprintf(fraction, sizeof fraction, ".%06u", (unsigned)(us % 1000000));
        for (size_t n = strlen(fraction); n > 0 && strchr("0.", fraction[n - 1]) != NULL; n--) {
            bool point = fraction[n - 1] == '.';
            fraction[n - 1] = '\0';
            if (point)
                break;
        }
        strcat(strcat(expected, fraction), "Z");
        char text[64] = "";
        struct format f = FORMAT(text);
        moment_format(&f, us);
        assert_string_equal(text, expected);
    }
}

// A moment keeps its name though the clocks are read a little apart; when the clock is set, it
// follows.
static void test_clock(void **state) {
    (void)state;
    struct midge *m = broker_start(100, 256);
    assert_int_equal(moment_wall(m, 500), 0);
    m->now.wall_us = 1000000000;
    uint64_t named = moment_wall(m, 500);
    assert_int_equal(named, 1000000000 - m->now.us + 500);
    m->now.us += 1000;
    m->now.wall_us += 1013;
    assert_int_equal(moment_wall(m, 500), named);
    m->now.wall_us -= 26;
    assert_int_equal(moment_wall(m, 500), named);
    m->now.wall_us += 1u << 30;
    assert_int_equal(moment_wall(m, 500), named + (1u << 30) - 13);
    m->now.wall_us -= 1u << 30;
    assert_int_equal(moment_wall(m, 500), named - 13);
}

static void test_ages(void **state) {
    (void)state;
    static const struct {
        uint64_t seconds;
        const char *text;
    } cases[] = {
        {0, "0s"},           {59, "59s"},
        {60, "1m0s"},        {3599, "59m59s"},
        {3600, "1h0m0s"},    {86399, "23h59m59s"},
        {86400, "1d0h0m0s"}, {400 * 86400ull + 3661, "1y35d1h1m1s"},
    };
    for (uint32_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct midge *m = broker_start(100, 256);
        m->now.us += cases[i].seconds * 1000000 + 999999;
        char expected[64] = "\"uptime\": \"";
        strcat(strcat(expected, cases[i].text), "\",");
        assert_non_null(strstr(body_of(m, "/varz"), expected));
    }
}

static void test_numbers(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool with_sign;
        uint64_t number;
        const char *wrong;
    } cases[] = {
        {"0", true, 0, NULL},
        {"007", true, 7, NULL},
        {"+5", true, 5, NULL},
        {"-5", true, 0, NULL},
        {"9223372036854775807", true, INT64_MAX, NULL},
        {"9223372036854775808", true, 0, "value out of range"},
        {"-9223372036854775808", true, 0, NULL},
        {"-9223372036854775809", true, 0, "value out of range"},
        {"18446744073709551615", false, UINT64_MAX, NULL},
        {"18446744073709551616", false, 0, "value out of range"},
        {"99999999999999999999999999", false, 0, "value out of range"},
        {"99999999999999999999999999x", false, 0, "invalid syntax"},
        {"", false, 0, "invalid syntax"},
        {"-", true, 0, "invalid syntax"},
        {"+1", false, 0, "invalid syntax"},
        {"1 ", false, 0, "invalid syntax"},
        {"0x1", false, 0, "invalid syntax"},
    };
    for (uint32_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t number = 1;
        const char *wrong = parameter_number(cases[i].text, cases[i].with_sign, &number);
        assert_int_equal(number, cases[i].number);
        assert_int_equal(wrong == NULL, cases[i].wrong == NULL);
        if (wrong != NULL)
            assert_string_equal(wrong, cases[i].wrong);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_connz),       cmocka_unit_test(test_others),
        cmocka_unit_test(test_varz),        cmocka_unit_test(test_subsz),
        cmocka_unit_test(test_sorting),     cmocka_unit_test(test_closed),
        cmocka_unit_test(test_closed_ring), cmocka_unit_test(test_complaints),
        cmocka_unit_test(test_statuses),    cmocka_unit_test(test_base_path),
        cmocka_unit_test(test_health),      cmocka_unit_test(test_text),
        cmocka_unit_test(test_moments),     cmocka_unit_test(test_clock),
        cmocka_unit_test(test_ages),        cmocka_unit_test(test_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
