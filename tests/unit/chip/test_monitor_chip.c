// Monitoring as a small chip has it: its documents, whole; what it does without; and that answers
// come whole through the two blocks of a connection, while what they show changes.

#include "tests/unit/monitor.h"

_Static_assert(!MIDGE_MONITOR_HUB, "what is tested here is there without it only");

static struct midge *start(void) {
    struct midge *m = broker_start(MIDGE_BLOCKS_MAX, MIDGE_BLOCK_BYTES);
    memcpy(m->id, "ID", 3);
    return m;
}

// ---- Documents ----------------------------------------------------------------------------------

static void test_varz(void **state) {
    (void)state;
    static const struct midge_pool pools[] = {{"tcp_pcb", 160, 18, 7, 9},
                                              {"tcp_seg", 20, 46, 0, 3}};
    struct midge *m = start();
    midge_host(
        m, &(struct midge_host){
               .port = 4222, .http_port = 8222, .platform = "p", .pools = pools, .pools_count = 2});
    client(m, "CONNECT {\"verbose\":false}\r\nSUB a 1\r\nPUB a 3\r\nabc\r\n");
    pass_ms(m, 3723004);
    for (uint32_t i = 0; i < POOL_COUNT; i++)
        m->pools[i].used = m->pools[i].high = m->pools[i].limit = (index_t)i;
    m->pools[POOL_connections].limit = MIDGE_CONNECTIONS_MAX;
    m->pools[POOL_blocks].limit = MIDGE_BLOCKS_MAX;
    struct midge_config config = *m->config;
    m->config = &config;
    config.max_connections = 12;
    config.max_subscriptions = 8;
    config.max_pending = 1000;
    config.password = config.username = (midge_text)midge_config_add(&config, "joe", 3);
    const char *body = body_of(m, "/varz");
    static const char begins[] = "{\n"
                                 "  \"server_id\": \"ID\",\n"
                                 "  \"server_name\": \"ID\",\n"
                                 "  \"version\": \"" MIDGE_NATS_VERSION "\",\n"
                                 "  \"proto\": 1,\n"
                                 "  \"go\": \"p\",\n"
                                 "  \"port\": 4222,\n"
                                 "  \"auth_required\": true,\n"
                                 "  \"max_connections\": 12,\n"
                                 "  \"max_subscriptions\": 8,\n"
                                 "  \"ping_interval\": 120000000000,\n"
                                 "  \"ping_max\": 2,\n"
                                 "  \"http_port\": 8222,\n"
                                 "  \"max_control_line\": 512,\n"
                                 "  \"max_payload\": 1536,\n"
                                 "  \"max_pending\": 1000,\n"
                                 "  \"write_deadline\": 10000000000,\n"
                                 "  \"uptime\": \"1h2m3s\",\n"
                                 "  \"connections\": 1,\n"
                                 "  \"total_connections\": 1,\n"
                                 "  \"in_msgs\": 1,\n"
                                 "  \"in_bytes\": 3,\n"
                                 "  \"out_msgs\": 1,\n"
                                 "  \"out_bytes\": 3,\n"
                                 "  \"slow_consumers\": 0,\n"
                                 "  \"stale_connections\": 0,\n"
                                 "  \"stalled_clients\": 0,\n"
                                 "  \"subscriptions\": 1,\n"
                                 "  \"pools\": {\n"
                                 "    \"connections\": {\n";
    assert_memory_equal(body, begins, sizeof begins - 1);
    static const char ends[] = "    \"tcp_pcb\": {\n"
                               "      \"in_use\": 7,\n"
                               "      \"high\": 9,\n"
                               "      \"limit\": 18,\n"
                               "      \"bytes\": 160\n"
                               "    },\n"
                               "    \"tcp_seg\": {\n"
                               "      \"in_use\": 0,\n"
                               "      \"high\": 3,\n"
                               "      \"limit\": 46,\n"
                               "      \"bytes\": 20\n"
                               "    }\n"
                               "  }\n"
                               "}";
    assert_string_equal(body + strlen(body) - (sizeof ends - 1), ends);
    assert_true(is_json(body));
#define X(name, type, max) \
    assert_int_equal(count_of(body, "    \"" #name "\": {\n      \"in_use\": "), 1);
    MIDGE_POOLS(X)
#undef X
}

static void test_connz(void **state) {
    (void)state;
    struct midge *m = start();
    client(m, "CONNECT {\"verbose\":false,\"name\":\"a<b>\",\"lang\":\"c\",\"version\":\"1\"}\r\n"
              "SUB foo.> 1\r\nSUB bar q 22\r\n");
    pass_ms(m, 3723004);
    client(m, "CONNECT {\"verbose\":false}\r\nPUB foo.x 2\r\nhi\r\nPUB none 3\r\n123\r\n");
    pass_ms(m, 61000);
    m->connections[1].rtt_us = 1234;
    m->connections[2].rtt_us = 0;
    m->connections[2].stalls = 3;
    // The last message went out an hour earlier; that counts, as it is later than what came in.
    m->connections[1].delivered_us -= 3600000000;
    static const char expected[] = "{\n"
                                   "  \"server_id\": \"ID\",\n"
                                   "  \"num_connections\": 2,\n"
                                   "  \"total\": 2,\n"
                                   "  \"offset\": 0,\n"
                                   "  \"limit\": 7,\n"
                                   "  \"connections\": [\n"
                                   "    {\n"
                                   "      \"cid\": 1,\n"
                                   "      \"ip\": \"10.0.0.1\",\n"
                                   "      \"port\": 4000,\n"
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
                                   "      \"subscriptions_list\": [\n"
                                   "        \"bar\",\n"
                                   "        \"foo.\\u003e\"\n"
                                   "      ]\n"
                                   "    },\n"
                                   "    {\n"
                                   "      \"cid\": 2,\n"
                                   "      \"ip\": \"10.0.0.1\",\n"
                                   "      \"port\": 4001,\n"
                                   "      \"rtt\": \"0s\",\n"
                                   "      \"uptime\": \"1m1s\",\n"
                                   "      \"idle\": \"1m1s\",\n"
                                   "      \"pending_bytes\": 0,\n"
                                   "      \"in_msgs\": 2,\n"
                                   "      \"out_msgs\": 0,\n"
                                   "      \"in_bytes\": 5,\n"
                                   "      \"out_bytes\": 0,\n"
                                   "      \"stalls\": 3,\n"
                                   "      \"subscriptions\": 0\n"
                                   "    }\n"
                                   "  ]\n"
                                   "}";
    assert_string_equal(body_of(m, "/connz?subs=1&limit=7"), expected);
    assert_null(strstr(body_of(m, "/connz"), "subscriptions_list"));
}

static void test_subsz(void **state) {
    (void)state;
    struct midge *m = start();
    client(m,
           "CONNECT {\"verbose\":false}\r\nSUB foo.* 1\r\nSUB foo.a q 2\r\nSUB > 4\r\nUNSUB 4\r\n"
           "UNSUB 2 9\r\nPUB foo.a 1\r\nx\r\n");
    static const char expected[] = "{\n"
                                   "  \"server_id\": \"ID\",\n"
                                   "  \"num_subscriptions\": 2,\n"
                                   "  \"num_inserts\": 3,\n"
                                   "  \"num_removes\": 1,\n"
                                   "  \"num_matches\": 1,\n"
                                   "  \"total\": 2,\n"
                                   "  \"offset\": 0,\n"
                                   "  \"limit\": 1024,\n"
                                   "  \"subscriptions_list\": [\n"
                                   "    {\n"
                                   "      \"subject\": \"foo.*\",\n"
                                   "      \"sid\": \"1\",\n"
                                   "      \"msgs\": 1,\n"
                                   "      \"cid\": 1\n"
                                   "    },\n"
                                   "    {\n"
                                   "      \"subject\": \"foo.a\",\n"
                                   "      \"qgroup\": \"q\",\n"
                                   "      \"sid\": \"2\",\n"
                                   "      \"msgs\": 1,\n"
                                   "      \"max\": 9,\n"
                                   "      \"cid\": 1\n"
                                   "    }\n"
                                   "  ]\n"
                                   "}";
    assert_string_equal(body_of(m, "/subsz?subs=1"), expected);
    assert_null(strstr(body_of(m, "/subsz"), "subscriptions_list"));
    const char *body = body_of(m, "/subsz?subs=true&offset=1&limit=1");
    assert_int_equal(count_of(body, "\"sid\""), 1);
    assert_non_null(strstr(body, "\"subject\": \"foo.a\""));
}

// ---- Which connections --------------------------------------------------------------------------

// Clients 1 to 6 of which 2 and 5 have ended, and another has the place of one: by their cids,
// whatever places they have.
static void test_pages(void **state) {
    (void)state;
    static const struct {
        const char *query, *cids;
    } cases[] = {
        {"", "13467"},
        {"?limit=2", "13"},
        {"?limit=2&offset=2", "46"},
        {"?offset=4", "7"},
        {"?offset=5", ""},
        {"?limit=0", "13467"},
        // What a chip does without, and what is malformed, counts as not there.
        {"?sort=rtt&state=closed&cid=3&user=x&acc=y", "13467"},
        {"?limit=x", "13467"},
        {"?limit=-1", "13467"},
        {"?offset=-1", "13467"},
        {"?limit=99999999999", "13467"},
        {"?offset=4294967296", "13467"},
        {"?offset=2147483647", ""},
        {"?limit=%31", "13467"},
    };
    struct midge *m = start();
    midge_conn conns[6];
    for (uint32_t i = 0; i < 6; i++)
        conns[i] = client(m, "CONNECT {}\r\n");
    midge_closed(m, conns[1], MIDGE_PEER_CLOSED);
    midge_closed(m, conns[4], MIDGE_PEER_CLOSED);
    pass_ms(m, 1);
    client(m, "CONNECT {}\r\n");
    for (uint32_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char target[64] = "/connz";
        const char *body = body_of(m, strcat(target, cases[i].query));
        char cids[16] = "";
        for (const char *at = body; (at = strstr(at, "\"cid\": ")) != NULL; at += 7)
            strncat(cids, at + 7, 1);
        assert_string_equal(cids, cases[i].cids);
        assert_true(is_json(body));
        assert_non_null(strstr(body, "\"total\": 5,\n"));
    }
}

// ---- HTTP ---------------------------------------------------------------------------------------

// One request a connection: its end is the answer's.
static void test_statuses(void **state) {
    (void)state;
    static const struct {
        const char *request, *begins;
    } cases[] = {
        {"GET /varz HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"},
        {"GET /varz HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK\r\n"},
        {"GET //connz HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\n"},
        {"GET http://chip:8222/subsz HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\n"},
        {"GET /healthz HTTP/1.1\r\nConnection: keep-alive\r\n\r\n", "HTTP/1.1 200 OK\r\n"},
        {"POST /varz HTTP/1.1\r\nContent-Length: 1\r\n\r\nx", "HTTP/1.1 200 OK\r\n"},
        {"GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain"},
        {"GET /accountz HTTP/1.1\r\n\r\n", "HTTP/1.1 404 Not Found\r\n"},
        {"GET /jsz HTTP/1.1\r\n\r\n", "HTTP/1.1 404 Not Found\r\n"},
        {"GET /varz/ HTTP/1.1\r\n\r\n", "HTTP/1.1 404 Not Found\r\n"},
        {"nonsense\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n"},
        {"GET / HTTP/2.0\r\n\r\n", "HTTP/1.1 505 HTTP Version Not Supported\r\n"},
    };
    struct midge *m = start();
    for (uint32_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *text = exchange(m, cases[i].request, UINT32_MAX, UINT32_MAX);
        assert_memory_equal(text, cases[i].begins, strlen(cases[i].begins));
        assert_true(got.closed);
        assert_non_null(strstr(text, "\r\nConnection: close\r\n\r\n"));
    }
    char request[400] = "GET /";
    memset(request + 5, 'a', 300);
    assert_memory_equal(exchange(m, request, 1, 1), "HTTP/1.1 414 URI Too Long\r\n", 27);
    static const char *const heads[] = {"/varz", "/healthz", "/nope"};
    for (uint32_t i = 0; i < 3; i++) {
        char line[64] = "HEAD ";
        strcat(strcat(line, heads[i]), " HTTP/1.1\r\n\r\n");
        const char *text = exchange(m, line, UINT32_MAX, UINT32_MAX);
        assert_string_equal(strstr(text, "\r\n\r\n"), "\r\n\r\n");
    }
    assert_int_equal(m->open[MIDGE_MONITOR], 0);
    assert_int_equal(m->pools[POOL_blocks].used, 0);
}

static void test_health(void **state) {
    (void)state;
    struct midge *m = start();
    assert_string_equal(body_of(m, "/healthz?details=1&stream=s"), "{\"status\":\"ok\"}");
    client(m, "CONNECT {}\r\n");
    midge_lame_duck(m);
    const char *text = exchange(m, "GET /healthz HTTP/1.1\r\n\r\n", 1, 1);
    assert_memory_equal(text, "HTTP/1.1 500 Internal Server Error\r\n", 36);
    assert_non_null(strstr(text, "\r\n\r\n{\"status\":\"error\",\"error\":\""));
}

// ---- Bounds -------------------------------------------------------------------------------------

// As many clients as there is room for, whose names and subjects are long.
static struct midge *start_full(void) {
    struct midge *m = start();
    for (uint32_t i = 0; i < MIDGE_CLIENTS_MAX; i++) {
        char says[] =
            "CONNECT {\"verbose\":false,\"name\":\"<a long name & \xe2\x82\xac \\n 00>\"}\r\n"
            "SUB shared.by.all 1\r\nSUB shared.by.* q 2\r\nSUB shared.> a-long-sid\r\n";
        client(m, says);
    }
    return m;
}

static const char *const targets[] = {"/varz", "/connz?subs=1", "/subsz?subs=1", "/healthz"};

// The same bytes, whatever the pieces; and two blocks suffice, when clients have all others.
static void test_pieces(void **state) {
    (void)state;
    static char whole[16384];
    static const uint32_t pieces[] = {1, 7, 100, UINT32_MAX};
    for (uint32_t t = 0; t < sizeof targets / sizeof targets[0]; t++) {
        char request[256] = "GET ";
        strcat(strcat(request, targets[t]), " HTTP/1.1\r\nHost: h\r\nAccept: */*\r\n\r\n");
        for (uint32_t give = 0; give < 4; give++) {
            for (uint32_t take = 0; take < 4; take++) {
                struct midge *m = start_full();
                m->pools[POOL_blocks].limit =
                    (index_t)(m->pools[POOL_blocks].used + m->blocks_reserved +
                              MIDGE_BLOCKS_GUARANTEED);
                const char *text = exchange(m, request, pieces[give], pieces[take]);
                assert_false(got.cut);
                assert_true(got.blocks <= MIDGE_BLOCKS_GUARANTEED);
                assert_true(is_json(strstr(text, "\r\n\r\n") + 4));
                assert_true(strlen(text) < sizeof whole);
                if (give + take == 0)
                    strcpy(whole, text);
                // How many blocks were in use shows how it is taken.
                if (t > 0)
                    assert_string_equal(text, whole);
            }
        }
    }
    assert_int_equal(count_of(body_of(start_full(), "/connz?subs=1"), "shared"),
                     3 * MIDGE_CLIENTS_MAX);
    assert_int_equal(count_of(body_of(start_full(), "/subsz?subs=1"), "\"sid\""),
                     3 * MIDGE_CLIENTS_MAX);
}

static uint32_t churn_in;  // pieces until something happens

static void churn(struct midge *m) {
    if (--churn_in > 0)
        return;
    churn_in = 1 + chance(3);
    struct conn *c = &m->connections[1 + chance(m->pools[POOL_connections].fresh)];
    bool open = c->cid != 0 && !(c->flags & CONN_GONE) && c->kind == MIDGE_CLIENT;
    uint32_t what = chance(3);
    if (what == 0 && open)
        midge_closed(m, conn_handle(m, c), MIDGE_PEER_CLOSED);
    else if (what == 1 && open)
        say(m, conn_handle(m, c), "UNSUB 1\r\nSUB other 7\r\n");
    else if (what == 2 && m->open[MIDGE_CLIENT] < MIDGE_CLIENTS_MAX)
        client(m, "CONNECT {\"name\":\"late\",\"lang\":\"c\"}\r\nSUB shared.c 1\r\n");
    conn_reap(m, 10);
}

// Documents stay well formed, and end, whatever happens meanwhile.
static void test_churn(void **state) {
    (void)state;
    for (uint32_t round = 0; round < 600; round++) {
        struct midge *m = start_full();
        char request[256] = "GET ";
        strcat(strcat(request, targets[round % 3]), " HTTP/1.1\r\n\r\n");
        churn_in = 1 + chance(20);
        meanwhile = churn;
        const char *text = exchange(m, request, UINT32_MAX, 1 + chance(200));
        meanwhile = NULL;
        assert_false(got.cut);
        assert_true(is_json(strstr(text, "\r\n\r\n") + 4));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_varz),   cmocka_unit_test(test_connz),
        cmocka_unit_test(test_subsz),  cmocka_unit_test(test_pages),
        cmocka_unit_test(test_health), cmocka_unit_test(test_statuses),
        cmocka_unit_test(test_pieces), cmocka_unit_test(test_churn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
