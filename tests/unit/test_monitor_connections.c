// Which connections /connz shows, and in which order.

#include "tests/unit/monitor.h"

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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sorting),
        cmocka_unit_test(test_closed),
        cmocka_unit_test(test_closed_ring),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
