// Monitoring connections: that answers come whole, in whatever pieces they are asked for and taken;
// through how few blocks; while what they show changes; and within what time.

#include "tests/unit/monitor.h"

#include "broker/ops/monitor.h"

static const uint32_t block_sizes[] = {128, 256, 4096};

#define SIZES (sizeof block_sizes / sizeof block_sizes[0])

// A broker with clients of all sorts.
static struct midge *start(uint32_t blocks, uint32_t block_bytes) {
    struct midge *m = broker_start(blocks, block_bytes);
    m->now.wall_us = 1700000000123456;
    static char long_one[700];
    static const char prefix[] = "CONNECT {\"verbose\":false,\"name\":\"";
    static const char suffix[] =
        "\",\"lang\":\"<&>\"}\r\nSUB a.long.subject.of.many.tokens.> q 1\r\n"
        "SUB b a-very-long-sid-that-needs-a-text-of-its-own\r\n";
    strcpy(long_one, prefix);
    for (uint32_t i = 0; i < 90; i++)
        strcat(long_one, "\xe2\x82\xac\\n");
    strcat(long_one, suffix);
    client(m, "CONNECT {\"verbose\":false,\"name\":\"one\",\"user\":\"ada\"}\r\nSUB a 1\r\nPUB b "
              "2\r\nhi\r\n");
    client(m, long_one);
    midge_closed(m, client(m, "CONNECT {}\r\nSUB a 1\r\n"), MIDGE_READ_ERROR);
    client(m, "");
    say(m, client(m, ""), "nonsense\r\n");
    for (uint32_t i = 0; i < 20; i++)
        client(m, "CONNECT {}\r\nSUB many.> 1\r\nSUB many.a 2\r\nSUB many.b 3\r\n");
    pass_ms(m, 5);
    return m;
}

static const char *const targets[] = {
    "/",
    "/varz",
    "/connz?subs=detail&auth=1&state=any&sort=bytes_to",
    "/connz?subs=1&state=any&limit=3&offset=2",
    "/subsz?subs=1",
    "/subsz?subs=1&test=many.a",
    "/accountz?acc=%24G",
    "/healthz",
    "/connz?sort=none",
};

#define TARGETS (sizeof targets / sizeof targets[0])

// The same bytes, however small the blocks, the pieces of the request and those of the answer.
static void test_pieces(void **state) {
    (void)state;
    static char whole[ANSWER_MAX];
    static const uint32_t pieces[] = {1, 7, 100, UINT32_MAX};
    for (uint32_t t = 0; t < TARGETS; t++) {
        char request[256] = "GET ";
        strcat(strcat(request, targets[t]), " HTTP/1.1\r\nHost: h\r\nAccept: */*\r\n\r\n");
        for (uint32_t size = 0; size < SIZES; size++) {
            for (uint32_t give = 0; give < 4; give += EMULATED ? 3 : 1) {
                for (uint32_t take = 0; take < 4; take += EMULATED ? 3 : 1) {
                    struct midge *m = start(2000, block_sizes[size]);
                    // What shows the block's size, or who was there before, is made equal.
                    m->pools[POOL_blocks].used = m->pools[POOL_blocks].high = 0;
                    const char *text = exchange(m, request, pieces[give], pieces[take]);
                    text = strstr(text, "\r\n\r\n");
                    if (size + give + take == 0)
                        strcpy(whole, text);
                    if (t != 1)
                        assert_string_equal(text, whole);
                    else
                        assert_int_equal(strlen(text) / 64, strlen(whole) / 64);
                    assert_false(got.cut);
                }
            }
        }
    }
}

// A chip's two blocks suffice: one for the request, one for a part of the answer.
static void test_blocks(void **state) {
    (void)state;
    for (uint32_t size = 0; size < SIZES; size++) {
        struct midge *m = start(2000, block_sizes[size]);
        // From here on nobody gets more than the guarantee.
        m->pools[POOL_blocks].limit =
            (index_t)(m->pools[POOL_blocks].used + m->blocks_reserved + MIDGE_BLOCKS_GUARANTEED);
        for (uint32_t t = 0; t < TARGETS; t++) {
            char request[256] = "GET ";
            strcat(strcat(request, targets[t]), " HTTP/1.1\r\n\r\n");
            const char *text = exchange(m, request, 50, 60);
            assert_false(got.cut);
            assert_true(got.blocks <= MIDGE_BLOCKS_GUARANTEED);
            assert_true(got.largest <= 2 * m->block_room);
            const char *body = strstr(text, "\r\n\r\n") + 4;
            if (t > 0 && t < TARGETS - 1)
                assert_true(is_json(body));
        }
    }
}

// ---- While things change ------------------------------------------------------------------------

static uint32_t churn_in;  // pieces until something happens

static void churn(struct midge *m) {
    if (churn_in == 0 || --churn_in > 0)
        return;
    churn_in = 1 + chance(3);
    uint32_t i = 1 + chance(m->pools[POOL_connections].fresh);
    struct conn *c = &m->connections[i];
    bool open = c->cid != 0 && !(c->flags & CONN_GONE) && c->kind == MIDGE_CLIENT;
    switch (chance(4)) {
    case 0:
        if (open)
            midge_closed(m, conn_handle(m, c), MIDGE_PEER_CLOSED);
        break;
    case 1:
        client(m, "CONNECT {\"name\":\"late\",\"lang\":\"c\"}\r\nSUB many.c 1\r\nSUB many.d 2\r\n");
        break;
    case 2:
        if (open)
            say(m, conn_handle(m, c), "UNSUB 1\r\nSUB other 1\r\n");
        break;
    default:
        if (open)
            say(m, conn_handle(m, c), "UNSUB 2\r\nUNSUB 3\r\nPUB a 1\r\nx\r\n");
    }
    conn_reap(m, 10);
}

// Documents stay well formed, and end, whatever happens meanwhile.
static void test_churn(void **state) {
    (void)state;
    meanwhile = churn;
    for (uint32_t round = 0; round < ROUNDS(600); round++) {
        struct midge *m = start(5000, block_sizes[round % SIZES]);
        char request[256] = "GET ";
        const char *target = targets[2 + round % 4];
        strcat(strcat(request, target), " HTTP/1.1\r\n\r\n");
        churn_in = 1 + chance(20);
        const char *text = exchange(m, request, UINT32_MAX, 1 + chance(400));
        assert_false(got.cut);
        const char *body = strstr(text, "\r\n\r\n") + 4;
        if (!is_json(body))
            print_error("%s\n", body);
        assert_true(is_json(body));
    }
    meanwhile = NULL;
}

// A client with 200 subscriptions, of which the one that is being listed vanishes, or comes back.
static struct midge *start_subs(void) {
    struct midge *m = broker_start(500, 256);
    midge_conn c = client(m, "CONNECT {\"verbose\":false}\r\n");
    for (uint32_t i = 0; i < 200; i++) {
        char line[64] = "SUB abc 1000\r\n";
        line[9] = (char)('0' + i / 100);
        line[10] = (char)('0' + i / 10 % 10);
        line[11] = (char)('0' + i % 10);
        say(m, c, line);
    }
    return m;
}

static bool comes_back, is_taken;

static void flicker(struct midge *m) {
    const struct conn *c = &m->connections[midge_slot(monitor)];
    uint32_t sub = c->monitor.endpoint != 0 ? c->monitor.sub : 0;
    if (sub == 0 || m->subscriptions[sub].home == 0)
        return;
    char sid[9] = "";
    char line[64] = "UNSUB ";
    subs_sid(m, (index_t)sub, (uint8_t *)sid, 8);
    strcat(strcat(line, sid), "\r\n");
    if (comes_back)
        strcat(strcat(strcat(line, "SUB again "), sid), "\r\n");
    say(m, conn_handle(m, &m->connections[1]), line);
    if (is_taken)
        say(m, conn_handle(m, &m->connections[2]), "SUB another's 1\r\n");
}

// The list of a client whose subscriptions vanish one by one as they come up ends with the first.
static void test_vanishing(void **state) {
    (void)state;
    struct midge *m = start_subs();
    comes_back = is_taken = false;
    meanwhile = flicker;
    const char *body = body_of(m, "/connz?subs=detail");
    meanwhile = NULL;
    assert_true(is_json(body));
    assert_true(m->pools[POOL_subscriptions].used < 200);
    assert_in_range(count_of(body, "\"sid\""), 1, 10);
}

// So it does where another client takes the place, which is not shown as the first one's.
static void test_taken(void **state) {
    (void)state;
    struct midge *m = start_subs();
    client(m, "CONNECT {\"verbose\":false}\r\nSUB own 1000\r\n");
    comes_back = false;
    is_taken = true;
    meanwhile = flicker;
    const char *body = body_of(m, "/connz?subs=detail&cid=1");
    meanwhile = NULL;
    assert_true(is_json(body));
    assert_int_equal(m->pools[POOL_subscriptions].used, 201);
    assert_in_range(count_of(body, "\"sid\""), 1, 10);
    assert_null(strstr(body, "another's"));
    assert_null(strstr(body, "own"));
}

// Where each comes back as the first of the list, this does not make it endless.
static void test_endless(void **state) {
    (void)state;
    struct midge *m = start_subs();
    comes_back = true;
    is_taken = false;
    meanwhile = flicker;
    const char *body = body_of(m, "/connz?subs=detail");
    meanwhile = NULL;
    assert_true(is_json(body));
    assert_true(count_of(body, "\"again\"") > 1);
    assert_int_equal(count_of(body, "\"sid\""), 200);
}

// Clients that went, with others in their places, before their turn came are not shown.
static void replace(struct midge *m) {
    static const char said[] = "CONNECT {\"name\":\"other\"}\r\n";
    if (m->connections[midge_slot(monitor)].monitor.cid != 3 || m->open[MIDGE_CLIENT] != 23)
        return;
    for (uint32_t i = 10; i < 15; i++)
        midge_closed(m, conn_handle(m, &m->connections[i]), MIDGE_PEER_CLOSED);
    pass_ms(m, 1);
    for (uint32_t i = 10; i < 14; i++)
        client(m, said);
}

static void test_replaced(void **state) {
    (void)state;
    struct midge *m = broker_start(500, 256);
    for (uint32_t i = 0; i < 23; i++)
        client(m, "CONNECT {}\r\n");
    meanwhile = replace;
    const char *body = body_of(m, "/connz?sort=start");
    meanwhile = NULL;
    assert_true(is_json(body));
    assert_int_equal(m->open[MIDGE_CLIENT], 22);
    assert_null(strstr(body, "\"stop\""));
    assert_null(strstr(body, "\"cid\": 12,"));
    // Who came in meanwhile may be shown at the end.
    assert_in_range(count_of(body, "\"cid\""), 18, 22);
}

// A request that was given up leaves nothing to a later one with the same handle.
static void test_given_up_batch(void **state) {
    (void)state;
    static const char request[] = "GET /connz HTTP/1.1\r\n\r\n";
    struct midge *m = start(1000, 4096);
    midge_conn c = midge_open(m, MIDGE_MONITOR, NULL);
    midge_rx(m, c, (const uint8_t *)request, sizeof request - 1);
    assert_int_equal(m->batch.holder, c);
    midge_closed(m, c, MIDGE_PEER_CLOSED);
    pass_ms(m, 1);
    m->connections[midge_slot(c)].generation--;
    const char *body = body_of(m, "/connz");
    assert_int_equal(monitor, c);
    assert_int_equal(count_of(body, "\"cid\""), 23);
}

// ---- Several requests ---------------------------------------------------------------------------

// Takes all that waits to be sent, as long as there is any.
static const char *take_all(struct midge *m, midge_conn c) {
    struct midge_span v;
    got.n = 0;
    wished = 0;
    monitor = c;
    for (serve(m); midge_tx(m, c, 0, &v, 1) > 0; serve(m)) {
        memcpy(got.text + got.n, v.bytes, v.n);
        got.n += v.n;
        midge_sent(m, c, v.n);
    }
    got.text[got.n] = '\0';
    return got.text;
}

// A connection serves one request after another, and keeps what came too early for later.
static void test_again(void **state) {
    (void)state;
    static const char first[] = "GET /varz HTTP/1.1\r\nHost: h\r\n\r\n";
    static const char second[] = "HEAD /healthz HTTP/1.1\r\n\r\n";
    static const char third[] = "GET /nope HTTP/1.1\r\nConnection: close\r\n\r\nGET";
    static const char all[] = "GET /varz HTTP/1.1\r\nHost: h\r\n\r\nHEAD /healthz HTTP/1.1\r\n\r\n";
    for (uint32_t size = 0; size < SIZES; size++) {
        struct midge *m = broker_start(100, block_sizes[size]);
        midge_conn c = midge_open(m, MIDGE_MONITOR, NULL);
        const uint8_t *bytes = (const uint8_t *)all;
        assert_int_equal(midge_rx(m, c, bytes, sizeof all - 1), sizeof first - 1);
        bytes += sizeof first - 1;
        assert_int_equal(midge_rx(m, c, bytes, sizeof second - 1), 0);
        assert_non_null(strstr(take_all(m, c), "\n}"));
        assert_int_equal(wished, MIDGE_WISH_RESUME);
        assert_int_equal(m->pools[POOL_blocks].used, 0);
        assert_int_equal(midge_rx(m, c, bytes, sizeof second - 1), sizeof second - 1);
        assert_non_null(strstr(take_all(m, c), "\r\nContent-Length: 15\r\n\r\n"));
        bytes = (const uint8_t *)third;
        assert_int_equal(midge_rx(m, c, bytes, sizeof third - 1), sizeof third - 1);
        assert_memory_equal(take_all(m, c), "HTTP/1.1 404 ", 13);
        assert_int_equal(wished, MIDGE_WISH_CLOSE_AFTER_SEND);
        midge_closed(m, c, MIDGE_PEER_CLOSED);
        // Who will send no more gets its answer whole; who waits for none is let go at once.
        c = midge_open(m, MIDGE_MONITOR, NULL);
        midge_rx(m, c, (const uint8_t *)first, sizeof first - 1);
        midge_rx(m, c, NULL, 0);
        assert_non_null(strstr(take_all(m, c), "\n}"));
        assert_int_equal(wished, MIDGE_WISH_CLOSE_AFTER_SEND);
        midge_closed(m, c, MIDGE_PEER_CLOSED);
        c = midge_open(m, MIDGE_MONITOR, NULL);
        midge_rx(m, c, NULL, 0);
        take_all(m, c);
        assert_int_equal(wished, MIDGE_WISH_CLOSE_AFTER_SEND);
        midge_closed(m, c, MIDGE_PEER_CLOSED);
        assert_int_equal(m->http_requests[0], 0);
        assert_int_equal(m->slow_consumers, 0);
    }
}

// Connections that are scarce are not kept for a request that may not come.
static void test_scarce(void **state) {
    (void)state;
    struct midge *m = broker_start(100, 256);
    m->pools[POOL_connections].limit = 4;
    client(m, "CONNECT {}\r\n");
    body_of(m, "/healthz");
    assert_false(got.closed);
    client(m, "CONNECT {}\r\n");
    body_of(m, "/healthz");
    assert_true(got.closed);
}

// ---- Bounds -------------------------------------------------------------------------------------

// Work is spread over turns, and none does more than its share.
static void test_turns(void **state) {
    (void)state;
    struct midge *m = broker_start(30000, 4096);
    for (uint32_t i = 0; i < 9000; i++)
        client(m, "CONNECT {}\r\nSUB a 1\r\nSUB b.* 2\r\nSUB b.c 3\r\n");
    const char *body = body_of(m, "/subsz?subs=1&test=b.c");
    assert_true(is_json(body));
    assert_int_equal(count_of(body, "\"sid\""), 1024);
    assert_non_null(strstr(body, "\"total\": 18000,"));
    assert_true(got.turns > 27000 / 8192);
    body = body_of(m, "/connz?sort=last&offset=8990");
    assert_int_equal(count_of(body, "\"cid\""), 10);
    assert_true(got.turns > 8990 / BATCH_MAX);
    // However fast the peer takes it, a turn's work has an end.
    body = body_of(m, "/connz?limit=9000");
    assert_int_equal(count_of(body, "\"cid\""), 9000);
    assert_true(got.turns > 100);
}

static midge_conn second;
static char second_text[100000];
static uint32_t second_bytes;

static void take_second(struct midge *m) {
    struct midge_span v;
    if (midge_tx(m, second, 0, &v, 1) == 0)
        return;
    memcpy(second_text + second_bytes, v.bytes, v.n);
    second_bytes += v.n;
    midge_sent(m, second, v.n);
}

// Two sorted lists at a time: each takes the batch from the other, and both are right.
static void test_two(void **state) {
    (void)state;
    struct midge *m = start(5000, 256);
    static const char request[] = "GET /connz?sort=subs HTTP/1.1\r\n\r\n";
    static const char other[] = "GET /connz?state=any&sort=start HTTP/1.0\r\n\r\n";
    second = midge_open(m, MIDGE_MONITOR, NULL);
    midge_rx(m, second, (const uint8_t *)other, sizeof other - 1);
    meanwhile = take_second;
    exchange(m, request, UINT32_MAX, 50);
    meanwhile = NULL;
    assert_int_equal(count_of(got.text, "\"cid\""), 23);
    for (uint32_t i = 0; i < 10000; i++)
        take_second(m);
    second_text[second_bytes] = '\0';
    const char *at = second_text;
    uint64_t last = 0;
    for (uint32_t i = 0; i < 25; i++) {
        at = strstr(at, "\"cid\": ");
        assert_non_null(at);
        uint64_t cid = 0;
        for (at += 7; *at >= '0' && *at <= '9'; at++)
            cid = cid * 10 + (uint64_t)(*at - '0');
        assert_true(cid > last);
        last = cid;
    }
    assert_null(strstr(at, "\"cid\""));
}

// Whether the broker gives a connection up within so many milliseconds.
static bool given_up(struct midge *m, midge_conn c, uint32_t ms) {
    for (uint32_t i = 0; i < ms; i += 100) {
        pass_ms(m, 100);
        wished = 0;
        monitor = c;
        serve(m);
        if (wished == MIDGE_WISH_ABORT)
            return true;
    }
    return false;
}

static void test_deadlines(void **state) {
    (void)state;
    static const char *const begun[] = {
        "",
        "GET",
        "GET /varz HTTP/1.1\r\nHost",
        "GET /connz HTTP/1.1\r\n\r\n",
    };
    for (uint32_t i = 0; i < 4; i++) {
        struct midge *m = start(1000, 256);
        midge_conn c = midge_open(m, MIDGE_MONITOR, NULL);
        if (begun[i][0] != '\0')
            midge_rx(m, c, (const uint8_t *)begun[i], (uint32_t)strlen(begun[i]));
        assert_false(given_up(m, c, MONITOR_IDLE_MS - 500));
        assert_true(given_up(m, c, 1000));
        midge_closed(m, c, MIDGE_PEER_CLOSED);
        // So is one that waits for another request.
        c = midge_open(m, MIDGE_MONITOR, NULL);
        pass_ms(m, 5000);
        say(m, c, "GET /healthz HTTP/1.1\r\n\r\n");
        take_all(m, c);
        assert_false(given_up(m, c, MONITOR_IDLE_MS - 500));
        assert_true(given_up(m, c, 1000));
        midge_closed(m, c, MIDGE_PEER_CLOSED);
        assert_int_equal(m->open[MIDGE_MONITOR], 0);
    }
}

// A slow peer that takes something now and then gets all.
static void wait_long(struct midge *m) {
    pass_ms(m, 500);
}

static void test_patience(void **state) {
    (void)state;
    struct midge *m = start(1000, 256);
    meanwhile = wait_long;
    const char *body = body_of(m, "/connz");
    meanwhile = NULL;
    assert_false(got.cut);
    assert_true(is_json(body));
    assert_true(m->now.ms > MONITOR_IDLE_MS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces),    cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_churn),     cmocka_unit_test(test_endless),
        cmocka_unit_test(test_vanishing), cmocka_unit_test(test_taken),
        cmocka_unit_test(test_replaced),  cmocka_unit_test(test_given_up_batch),
        cmocka_unit_test(test_turns),     cmocka_unit_test(test_two),
        cmocka_unit_test(test_deadlines), cmocka_unit_test(test_patience),
        cmocka_unit_test(test_again),     cmocka_unit_test(test_scarce),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
