// The warning of a certificate near its end: when it comes, and that a clock which comes late does
// not silence it.

#include "tests/unit/broker.h"

#define SECOND_US 1000000ull
#define DAY_MS (24u * 3600 * 1000)
#define NOW_US (1800000000 * SECOND_US)

static struct midge *m;

// A turn so much later, by a wall clock that may be unknown. Whether the log says so since.
static bool warns(uint64_t later_ms, uint64_t wall_us, const char *what) {
    char line[MIDGE_LOG_LINE_BYTES + 1];
    enum midge_level level;
    bool said = false;
    struct midge_now now = m->now;
    now.us += later_ms * 1000;
    now.ms += (uint32_t)later_ms;
    now.wall_us = wall_us;
    midge_turn(m, now);
    for (uint32_t n; (n = midge_log(m, &level, line, sizeof line - 1)) > 0;) {
        line[n] = '\0';
        said |= level == MIDGE_WRN && strstr(line, what) != NULL;
    }
    return said;
}

static void start(uint64_t end_us) {
    m = broker_start(100, 256);
    midge_host(m, &(struct midge_host){.first_end_us = end_us});
}

static void test_once_a_day(void **state) {
    (void)state;
    start(NOW_US + 3ull * DAY_MS * 1000);
    assert_true(warns(1, NOW_US, "A TLS certificate expires in 3 days"));
    assert_false(warns(DAY_MS - 1, NOW_US, "TLS"));
    assert_true(warns(1, NOW_US + DAY_MS * 1000ull, "A TLS certificate expires in 2 days"));
    assert_true(warns(3 * DAY_MS, NOW_US + 4ull * DAY_MS * 1000, "A TLS certificate has expired"));
    start(NOW_US + 15ull * DAY_MS * 1000);
    assert_false(warns(1, NOW_US, "TLS"));
}

// Also half the span of milliseconds late, where the past looks like the future.
static void test_a_late_clock(void **state) {
    (void)state;
    const uint64_t late_ms[] = {1, 10 * DAY_MS, 0x80001000u, 0xfffff000u};
    for (uint32_t i = 0; i < sizeof late_ms / sizeof late_ms[0]; i++) {
        start(NOW_US + 5ull * DAY_MS * 1000);
        assert_false(warns(1, 0, "TLS"));
        // A loop comes round now and then.
        for (uint64_t gone = 0; gone < late_ms[i]; gone += DAY_MS)
            assert_false(warns(DAY_MS, 0, "TLS"));
        assert_true(warns(1, NOW_US, "A TLS certificate expires in 5 days"));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_once_a_day),
        cmocka_unit_test(test_a_late_clock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
