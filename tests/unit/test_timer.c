// The wheel of timers against a deadline a connection that is looked at every time.

#include "tests/unit/broker.h"

#define TIMERS 50

static uint32_t due[TIMERS];  // by connection, if set
static bool set[TIMERS];
static uint32_t fired;

static void on_fire(struct midge *m, uint16_t c) {
    // Never late, and never early but for deadlines beyond the wheel's span.
    if (!set[c])
        fail_msg("timer %u was not set", c);
    if ((int32_t)(m->wheel.now - due[c]) < 0)
        fail_msg("timer %u, due at %u, fires at %u", c, due[c], m->wheel.now);
    set[c] = false;
    fired++;
}

static uint32_t some_ms(void) {
    static const uint32_t most[] = {1, 3, 64, 65, 1000, 4096, 5000, 300000, 10000000};
    return chance(most[chance(9)]) + 1;
}

static void expect_none_late(const struct midge *m) {
    for (uint32_t i = 1; i < TIMERS; i++) {
        if (set[i] && (int32_t)(m->wheel.now - due[i]) >= 0)
            fail_msg("timer %u, due at %u, has not fired at %u", i, due[i], m->wheel.now);
    }
}

// Whoever sleeps as long as the wheel says oversleeps no timer.
static void expect_early_enough(uint32_t now, uint32_t wait) {
    for (uint32_t i = 1; i < TIMERS; i++) {
        if (set[i] && due[i] - now < wait)
            fail_msg("timer %u is due in %u ms, not %u", i, due[i] - now, wait);
    }
}

static void run(uint32_t begin) {
    struct midge *m = broker_start(1000, 256);
    m->wheel.now = begin;
    uint32_t now = begin;
    memset(set, 0, sizeof set);
    fired = 0;
    for (uint32_t round = 0; round < 20000; round++) {
        uint16_t c = (uint16_t)(1 + chance(TIMERS - 1));
        if (chance(8) == 0) {
            timer_cancel(m, c);
            set[c] = false;
        } else if (chance(2) == 0) {
            uint32_t at = now + some_ms();
            if (!set[c] || (int32_t)(at - due[c]) < 0)
                due[c] = at;
            set[c] = true;
            timer_need(m, c, at);
        } else {
            // As a port does it: no later than asked, mostly exactly then.
            uint32_t wait = timer_wait_ms(m);
            uint32_t step = chance(4) == 0 ? some_ms() : wait;
            expect_early_enough(now, wait);
            if (wait == UINT32_MAX)
                continue;
            now += step;
            timer_advance(m, now, on_fire);
            assert_int_equal(m->wheel.now, now);
        }
        expect_none_late(m);
    }
    assert_true(fired > 1000);
}

static void test_random_operations(void **state) {
    (void)state;
    run(0);
}

static void test_across_the_end_of_32_bits(void **state) {
    (void)state;
    run(UINT32_MAX - 100000);
}

static void test_waits_for_nothing_where_none_is_set(void **state) {
    (void)state;
    struct midge *m = broker_start(1000, 256);
    assert_int_equal(timer_wait_ms(m), UINT32_MAX);
    timer_need(m, 1, m->wheel.now + 5);
    assert_int_equal(timer_wait_ms(m), 5);
    timer_need(m, 1, m->wheel.now + 9);  // the earlier one stands
    assert_int_equal(timer_wait_ms(m), 5);
    timer_cancel(m, 1);
    assert_int_equal(timer_wait_ms(m), UINT32_MAX);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_operations),
        cmocka_unit_test(test_across_the_end_of_32_bits),
        cmocka_unit_test(test_waits_for_nothing_where_none_is_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
