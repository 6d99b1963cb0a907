// The texts and times that monitoring shows.

#include <stdio.h>
#include <time.h>

#include "tests/unit/monitor.h"

#include "broker/ops/moment.h"

// A text is cut into stretches, wherever its characters begin; they come out as if it were not.
static void test_text(void **state) {
    (void)state;
    static const char *const pieces[] = {
        "a", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\\\\",     "\\\"",
        "<", "\xff",     "\xc3",         "\xe2\x82",         "\x80\x80", "\\u0001"};
    for (uint32_t round = 0; round < ROUNDS(2000); round++) {
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
    for (uint32_t round = 0; round < ROUNDS(100000); round++) {
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_moments),
        cmocka_unit_test(test_clock),
        cmocka_unit_test(test_ages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
