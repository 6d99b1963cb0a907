// Who has to wait: passwords that are hashed one at a time, addresses that fail; and what is left of
// secrets afterwards.

#include "tests/unit/broker.h"

#include <stdio.h>

#include "broker/core/midge.h"

#define HASH "$2b$04$N5yDdU3NPHLw02Ub1UakgeU8of.UwZbNHhZmhvNGi1SyCVzIKDBw."
#define OTHER_HASH "$2b$04$gXRcTIhgTKvAM9uMhjKT/OTYnrlZPxB7wG9IvIVGtE/Na9jQ2JKEa"

#define RIGHT "CONNECT {\"verbose\":true,\"user\":\"ann\",\"pass\":\"lovelace\"}\r\n"
#define WRONG "CONNECT {\"verbose\":true,\"user\":\"ann\",\"pass\":\"bvlglncf\"}\r\n"

static struct midge_config configs[2];
static struct midge *m;
static uint64_t now_us;

static void complain(void *context, enum midge_severity severity, const char *line) {
    (void)context;
    if (severity == MIDGE_ERROR)
        fail_msg("%s", line);
}

static const struct midge_config *configured(uint32_t which, const char *text) {
    struct midge_config *config = &configs[which];
    const struct midge_source source = {"auth", text, (uint32_t)strlen(text)};
    const struct midge_reading reading = {.complain = complain};
    midge_config_defaults(config);
    config->entropy = broker_entropy;
    config->limits.blocks = 4000;
    assert_true(midge_configure(config, &source, &reading));
    assert_true(midge_config_complete(config, &reading));
    return config;
}

static uint32_t turn(uint32_t later_ms) {
    now_us += later_ms * 1000ull;
    return midge_turn(m, (struct midge_now){.us = now_us, .ms = (uint32_t)(now_us / 1000)});
}

static void start(const char *text) {
    if (m != NULL)
        munmap(m, sizeof *m);
    m = mmap(NULL, sizeof *m, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
             -1, 0);
    assert_true((void *)m != MAP_FAILED);
    now_us = 4294960000ull * 1000;  // the milliseconds wrap in a while
    assert_true(midge_init(m, configured(0, text),
                           (struct midge_now){.us = now_us, .ms = (uint32_t)(now_us / 1000)}));
    turn(0);
}

static midge_conn open_from(uint32_t address) {
    struct midge_peer peer = {.ip_bytes = 4};
    memcpy(peer.ip, &address, 4);
    return midge_open(m, MIDGE_CLIENT, &peer);
}

static int32_t say(midge_conn c, const char *text) {
    return midge_rx(m, c, (const uint8_t *)text, (uint32_t)strlen(text));
}

// Carries out wishes: whether one of them was this.
static bool wishes(midge_conn c, enum midge_wish wanted) {
    enum midge_wish wish;
    bool found = false;
    for (midge_conn of; (of = midge_next(m, &wish)) != MIDGE_NONE;) {
        found = found || (of == c && wish == wanted);
        if (wish >= MIDGE_WISH_CLOSE_AFTER_SEND)
            midge_closed(m, of, MIDGE_PEER_CLOSED);
    }
    return found;
}

static bool is_in(midge_conn c) {
    return m->connections[midge_slot(c)].flags & CONN_ADMITTED;
}

// A connection that says something at once, and is judged at once: whether it is let in.
static bool comes_in(uint32_t address, const char *text) {
    midge_conn c = open_from(address);
    assert_int_equal(say(c, text), strlen(text));
    bool in = is_in(c);
    if (in)
        midge_closed(m, c, MIDGE_PEER_CLOSED);
    else
        assert_true(wishes(c, MIDGE_WISH_CLOSE_AFTER_SEND));
    turn(0);
    return in;
}

// ---- Addresses that fail ------------------------------------------------------------------------

static const char plain[] = "authorization { user: ann, password: lovelace }";

static void fail_five_times(uint32_t address) {
    for (uint32_t i = 0; i < 5; i++)
        assert_false(comes_in(address, WRONG));
}

// How long it takes until somebody from there is heard, in ms.
static uint32_t wait_from(uint32_t address, const char *text, bool right) {
    midge_conn c = open_from(address);
    uint32_t ms = 0;
    wishes(c, MIDGE_WISH_SEND);
    while (say(c, text) == 0) {
        for (; !wishes(c, MIDGE_WISH_RESUME); ms++)
            turn(1);
    }
    assert_int_equal(is_in(c), right);
    if (right)
        midge_closed(m, c, MIDGE_PEER_CLOSED);
    wishes(c, MIDGE_WISH_ABORT);
    turn(0);
    return ms;
}

static void test_delay(void **state) {
    (void)state;
    start(plain);
    for (uint32_t i = 0; i < 4; i++)
        assert_false(comes_in(1, WRONG));
    assert_true(comes_in(1, RIGHT));
    assert_false(comes_in(1, WRONG));
    // From now on a second, then two, four, ...
    static const uint32_t waits[] = {1000, 2000, 4000, 8000, 16000, 30000, 30000};
    for (uint32_t i = 0; i < sizeof waits / sizeof waits[0]; i++)
        assert_int_equal(wait_from(1, WRONG, false), waits[i]);
    // Others come in meanwhile, and who is right has only to wait.
    assert_true(comes_in(2, RIGHT));
    assert_int_equal(wait_from(1, RIGHT, true), 30000);
    assert_true(comes_in(1, RIGHT));
    // In time all is forgiven.
    turn(60001);
    fail_five_times(1);
    assert_int_equal(wait_from(1, RIGHT, true), 1000);
}

static void test_failures_far_apart(void **state) {
    (void)state;
    start(plain);
    for (uint32_t i = 0; i < 100; i++) {
        assert_false(comes_in(1, WRONG));
        turn(2501);
    }
    assert_true(comes_in(1, RIGHT));
}

// Of all connections of an address one is judged, and its failure lets the others wait on.
static void test_many_at_once(void **state) {
    (void)state;
    start(plain);
    fail_five_times(1);
    midge_conn c[8];
    uint32_t judged = 0;
    for (uint32_t i = 0; i < 8; i++) {
        c[i] = open_from(1);
        assert_int_equal(say(c[i], WRONG), 0);
    }
    for (uint32_t ms = 0; ms < 3100; ms++) {
        enum midge_wish wish;
        turn(1);
        for (midge_conn of; (of = midge_next(m, &wish)) != MIDGE_NONE;) {
            if (wish == MIDGE_WISH_RESUME && say(of, WRONG) > 0)
                judged++;
            if (wish == MIDGE_WISH_CLOSE_AFTER_SEND)
                midge_closed(m, of, MIDGE_PEER_CLOSED);
        }
    }
    assert_int_equal(judged, 2);  // after one second, and after two more
}

// Who has any number of addresses gets a try for each cell and wait, no more; and the first address
// waits as long as ever.
static void test_flushing(void **state) {
    (void)state;
    start(plain);
    for (uint32_t i = 0; i < 10; i++) {
        if (i < 5)
            assert_false(comes_in(1, WRONG));
        else
            wait_from(1, WRONG, false);
    }
    uint32_t heard = 0;
    for (uint32_t address = 1000; address < 101000; address++) {
        midge_conn c = open_from(address);
        heard += say(c, WRONG) > 0;
        midge_closed(m, c, MIDGE_PEER_CLOSED);
        wishes(c, MIDGE_WISH_ABORT);
        turn(0);
    }
    assert_in_range(heard, MIDGE_OFFENDERS_MAX, 5 * MIDGE_OFFENDERS_MAX);
    assert_in_range(wait_from(1, RIGHT, true), 16000, 30000);
}

static void test_networks(void **state) {
    (void)state;
    start(plain);
    for (uint32_t i = 0; i < 6; i++) {
        struct midge_peer peer = {.ip = {0x20, 1, 0xd, 0xb8, 0, 0, 0, 1}, .ip_bytes = 16};
        peer.ip[15] = (uint8_t)i;
        midge_conn c = midge_open(m, MIDGE_CLIENT, &peer);
        assert_int_equal(say(c, WRONG), i < 5 ? strlen(WRONG) : 0);
        peer.ip[7] = 2;
    }
}

// ---- Passwords that are hashed ------------------------------------------------------------------

static const char hashed[] = "authorization { users [ {user: ann, password: \"" HASH "\"} ] }";

// Turns until there is nothing to do: answers how many.
static uint32_t turn_out(void) {
    uint32_t turns = 1;
    while (m->hashing) {
        assert_int_equal(turn(0), 0);
        turns++;
    }
    return turns;
}

static void test_hashing(void **state) {
    (void)state;
    start(hashed);
    midge_conn c = open_from(1);
    midge_conn busy = open_from(2);
    assert_int_equal(say(c, RIGHT "PING\r\n"), 0);
    assert_int_equal(say(busy, "PING\r\n"), 6);  // others go on
    assert_in_range(turn_out(), 5, 100);
    assert_true(wishes(c, MIDGE_WISH_RESUME));
    assert_int_equal(say(c, RIGHT "PING\r\n"), strlen(RIGHT "PING\r\n"));
    assert_true(is_in(c));
}

static void test_in_turn(void **state) {
    (void)state;
    start(hashed);
    midge_conn c[6], order[6];
    for (uint32_t i = 0; i < 6; i++) {
        c[i] = open_from(i + 1);
        assert_int_equal(say(c[i], i & 1 ? WRONG : RIGHT), 0);
    }
    midge_closed(m, c[2], MIDGE_PEER_CLOSED);
    uint32_t judged = 0;
    for (uint32_t turns = 0; judged < 5 && turns < 10000; turns++) {
        enum midge_wish wish;
        turn(0);
        for (midge_conn of; (of = midge_next(m, &wish)) != MIDGE_NONE;) {
            for (uint32_t i = 0; i < 6; i++) {
                if (of == c[i] && wish == MIDGE_WISH_RESUME && say(of, i & 1 ? WRONG : RIGHT) > 0)
                    order[judged++] = of;
            }
        }
    }
    assert_int_equal(judged, 5);
    for (uint32_t i = 0, k = 0; i < 6; i++) {
        if (i == 2)
            continue;
        assert_int_equal(order[k++], c[i]);
        assert_int_equal(is_in(c[i]), !(i & 1));
    }
}

// Whose turn it is leaves: the next one's comes.
static void test_leaving(void **state) {
    (void)state;
    start(hashed);
    midge_conn a = open_from(1), b = open_from(2);
    assert_int_equal(say(a, RIGHT), 0);
    assert_int_equal(say(b, RIGHT), 0);
    turn(0);
    midge_closed(m, a, MIDGE_PEER_CLOSED);
    turn(0);
    assert_true(wishes(b, MIDGE_WISH_RESUME));
    midge_closed(m, b, MIDGE_PEER_CLOSED);
    turn(0);
    midge_conn c = open_from(3);
    assert_int_equal(say(c, RIGHT), 0);
    turn_out();
    assert_true(wishes(c, MIDGE_WISH_RESUME));
    say(c, RIGHT);
    assert_true(is_in(c));
}

// What was hashed by a configuration that is no more does not count.
static void test_reload(void **state) {
    (void)state;
    static const char other[] =
        "authorization { users [ {user: ann, password: \"" OTHER_HASH "\"} ] }";
    for (uint32_t early = 0; early < 2; early++) {
        start(hashed);
        midge_conn c = open_from(1);
        assert_int_equal(say(c, RIGHT), 0);
        if (!early)
            turn_out();
        midge_reload(m, configured(1, other));
        turn(0);
        assert_true(wishes(c, MIDGE_WISH_RESUME));
        assert_int_equal(say(c, RIGHT), 0);
        turn_out();
        assert_true(wishes(c, MIDGE_WISH_RESUME));
        assert_int_equal(say(c, RIGHT), strlen(RIGHT));
        assert_false(is_in(c));
    }
}

// ---- What is left -------------------------------------------------------------------------------

static void assert_gone(const char *secret) {
    void *found = memmem(m, sizeof *m, secret, strlen(secret));
    if (found != NULL)
        fail_msg("%s is still %zu B into struct midge", secret,
                 (size_t)((char *)found - (char *)m));
}

static void test_wiped(void **state) {
    (void)state;
    static const char *const configurations[] = {plain, hashed, "authorization { token: lovelace }",
                                                 "debug: true"};
    static const char text[] = "CONNECT {\"user\":\"ann\",\"pass\":\"lovelace\",\"auth_token\":"
                               "\"lovelace\",\"sig\":\"lovelace\",\"nkey\":\"UABC\"}\r\n";
    for (uint32_t which = 0; which < 4; which += EMULATED ? 3 : 1) {
        for (uint32_t step = 1; step < sizeof text; step += sizeof text / 3) {
            start(configurations[which]);
            midge_conn c = open_from(1);
            for (uint32_t at = 0; at < sizeof text - 1;) {
                uint32_t n = sizeof text - 1 - at < step ? sizeof text - 1 - at : step;
                int32_t used = midge_rx(m, c, (const uint8_t *)text + at, n);
                if (used < 0)
                    break;
                at += (uint32_t)used;
                turn(0);
            }
            turn_out();
            assert_gone("lovelace");
        }
        // One that is never finished.
        start(configurations[which]);
        midge_conn c = open_from(1);
        midge_rx(m, c, (const uint8_t *)text, sizeof text - 3);
        midge_closed(m, c, MIDGE_PEER_CLOSED);
        turn(0);
        if (which < 3)
            assert_gone("lovelace");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_delay),        cmocka_unit_test(test_failures_far_apart),
        cmocka_unit_test(test_many_at_once), cmocka_unit_test(test_flushing),
        cmocka_unit_test(test_networks),     cmocka_unit_test(test_hashing),
        cmocka_unit_test(test_in_turn),      cmocka_unit_test(test_leaving),
        cmocka_unit_test(test_reload),       cmocka_unit_test(test_wiped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
