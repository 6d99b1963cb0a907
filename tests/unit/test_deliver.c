// Who gets a message, and who must go when the blocks are used up: the largest holder, and nobody
// else.

#include "tests/unit/broker.h"

#include <stdio.h>

#include "broker/core/midge.h"

static struct midge *m;

static midge_conn client(const char *says) {
    static const char quiet[] = "CONNECT {\"verbose\":false,\"pedantic\":false}\r\n";
    struct midge_peer peer = {.ip = {127, 0, 0, 1}, .ip_bytes = 4};
    midge_conn c = midge_open(m, MIDGE_CLIENT, &peer);
    assert_int_not_equal(c, MIDGE_NONE);
    assert_int_equal(midge_rx(m, c, (const uint8_t *)quiet, sizeof quiet - 1), sizeof quiet - 1);
    assert_int_equal(midge_rx(m, c, (const uint8_t *)says, (uint32_t)strlen(says)), strlen(says));
    return c;
}

// Takes all that a connection has to send. Answers how much that was.
static uint32_t drain(midge_conn c, char *to, uint32_t max) {
    struct midge_span v[8];
    uint32_t n = 0;
    uint32_t count;
    while ((count = midge_tx(m, c, 0, v, 8)) > 0) {
        uint32_t sent = 0;
        for (uint32_t i = 0; i < count; i++) {
            assert_true(n + v[i].n < max);
            memcpy(to + n, v[i].bytes, v[i].n);
            n += v[i].n;
            sent += v[i].n;
        }
        midge_sent(m, c, sent);
    }
    to[n] = '\0';
    return n;
}

// A turn some time later, in which the port does what is wished: it closes, and says who resumes.
static bool turn(uint32_t later_ms, midge_conn *closed, midge_conn publisher) {
    struct midge_now now = m->now;
    now.us += later_ms * 1000;
    now.ms += later_ms;
    midge_turn(m, now);
    bool resumed = false;
    enum midge_wish wish;
    for (midge_conn c; (c = midge_next(m, &wish)) != MIDGE_NONE;) {
        if (wish == MIDGE_WISH_ABORT) {
            assert_int_equal(*closed, MIDGE_NONE);
            *closed = c;
            midge_closed(m, c, MIDGE_PEER_CLOSED);
        }
        // Nobody takes anything by itself.
        if (wish == MIDGE_WISH_SEND)
            midge_sent(m, c, 0);
        resumed |= wish == MIDGE_WISH_RESUME && c == publisher;
    }
    return resumed;
}

// Publishes a message, waiting as long as a port would. Answers who was closed meanwhile.
static midge_conn publish(midge_conn publisher, const char *subject) {
    char line[200];
    int n = snprintf(line, sizeof line, "PUB %s 100\r\n%0100d\r\n", subject, 7);
    midge_conn closed = MIDGE_NONE;
    uint32_t at = 0;
    for (int tries = 0; at < (uint32_t)n; tries++) {
        assert_true(tries < 1000);
        int32_t used = midge_rx(m, publisher, (const uint8_t *)line + at, (uint32_t)n - at);
        assert_true(used >= 0);
        at += (uint32_t)used;
        if (at < (uint32_t)n)
            turn(5, &closed, publisher);
    }
    turn(0, &closed, publisher);
    return closed;
}

static uint32_t messages_in(const char *text) {
    uint32_t messages = 0;
    for (const char *p = text; (p = strstr(p, "MSG b 1 100\r\n")) != NULL; p++)
        messages++;
    return messages;
}

static void test_the_largest_holder_goes(void **state) {
    (void)state;
    static char got[20000];
    m = broker_start(80, 256);
    midge_conn deaf = client("SUB a 1\r\n");
    midge_conn reader = client("SUB b 1\r\n");
    midge_conn publisher = client("");
    drain(reader, got, sizeof got);
    // The deaf one takes nearly all that is common; then the reader wants more than its guarantee.
    while (block_common(m) > 1)
        assert_int_equal(publish(publisher, "a"), MIDGE_NONE);
    midge_conn closed = MIDGE_NONE;
    for (uint32_t i = 0; i < 20; i++) {
        midge_conn now = publish(publisher, "b");
        assert_true(closed == MIDGE_NONE || now == MIDGE_NONE);
        closed = now != MIDGE_NONE ? now : closed;
    }
    assert_int_equal(closed, deaf);
    drain(reader, got, sizeof got);
    assert_int_equal(messages_in(got), 20);
}

// Those below their guarantee get their message when nothing else is left.
static void test_the_guarantee_holds(void **state) {
    (void)state;
    static char got[20000];
    m = broker_start(80, 256);
    midge_conn deaf = client("SUB a 1\r\n");
    midge_conn readers[10];
    for (uint32_t i = 0; i < 10; i++) {
        readers[i] = client("SUB b 1\r\n");
        drain(readers[i], got, sizeof got);
    }
    midge_conn publisher = client("");
    midge_conn closed = MIDGE_NONE;
    for (uint32_t i = 0; i < 400 && closed == MIDGE_NONE; i++)
        closed = publish(publisher, "a");
    assert_int_equal(closed, deaf);
    assert_int_equal(publish(publisher, "b"), MIDGE_NONE);
    for (uint32_t i = 0; i < 10; i++)
        assert_true(drain(readers[i], got, sizeof got) > 100);
}

// What the application publishes or asks for cannot end a line of the protocol.
static bool heard;

static void handler(void *context, const struct midge_message *message) {
    (void)context;
    heard = message->payload_bytes == 0;
}

static void test_the_application(void **state) {
    (void)state;
    static char got[2000];
    m = broker_start(80, 256);
    midge_conn reader = client("SUB > 1\r\n");
    drain(reader, got, sizeof got);
    static const char *const bad[] = {"a b", "a\r\n+OK", "a\tb", "", "a..b", "a.*", "\x01"};
    for (uint32_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(midge_publish(m, bad[i], NULL, "x", 1), MIDGE_ERR_INVALID);
        if (strchr(bad[i], '*') == NULL)
            assert_int_equal(midge_subscribe(m, bad[i], NULL, handler, NULL), MIDGE_ERR_INVALID);
    }
    assert_int_equal(midge_publish(m, "a", "re ply", "x", 1), MIDGE_ERR_INVALID);
    assert_int_equal(midge_subscribe(m, "a", "a queue", handler, NULL), MIDGE_ERR_INVALID);
    assert_int_equal(drain(reader, got, sizeof got), 0);
    int32_t id = midge_subscribe(m, "none", "queue", handler, NULL);
    assert_true(id > 0);
    assert_int_equal(midge_publish(m, "none", NULL, NULL, 0), 0);
    assert_int_equal(drain(reader, got, sizeof got), strlen("MSG none 1 0\r\n\r\n"));
    assert_string_equal(got, "MSG none 1 0\r\n\r\n");
    midge_conn closed = MIDGE_NONE;
    turn(1, &closed, MIDGE_NONE);
    assert_true(heard);
}

// A subscription that ends with a message, as the table's generation begins anew, takes nothing from
// those that the message goes to after it.
static void test_a_generation_ends(void **state) {
    (void)state;
    static char got[2000];
    m = broker_start(80, 256);
    midge_conn reader = client("SUB b 1\r\nUNSUB 1 5\r\nSUB * group 2\r\n");
    drain(reader, got, sizeof got);
    midge_conn publisher = client("");
    for (uint32_t i = 0; i < 3; i++)
        publish(publisher, "b");
    m->generation = UINT32_MAX;
    publish(publisher, "b");
    assert_int_equal(m->generation, UINT32_MAX);
    drain(reader, got, sizeof got);
    publish(publisher, "b");
    assert_int_equal(m->generation, 1);
    drain(reader, got, sizeof got);
    assert_non_null(strstr(got, "MSG b 2 100\r\n"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_largest_holder_goes),
        cmocka_unit_test(test_the_guarantee_holds),
        cmocka_unit_test(test_the_application),
        cmocka_unit_test(test_a_generation_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
