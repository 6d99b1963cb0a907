// Numbers, times and durations as a configuration writes them.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "broker/conf/number.h"

static int64_t integer(const char *text) {
    int64_t value;
    assert_true(integer_read(word(text), &value));
    return value;
}

static bool is_integer(const char *text) {
    int64_t value;
    return integer_read(word(text), &value);
}

static void test_plain_integers(void **state) {
    (void)state;
    assert_true(integer("0") == 0);
    assert_true(integer("4222") == 4222);
    assert_true(integer("-1") == -1);
    assert_true(integer("007") == 7);
    assert_true(integer("9223372036854775807") == INT64_MAX);
    assert_true(integer("-9223372036854775807") == -INT64_MAX);
    assert_false(is_integer("9223372036854775808"));
    assert_false(is_integer("99999999999999999999"));
    assert_false(is_integer(""));
    assert_false(is_integer("-"));
    assert_false(is_integer("k"));
}

// Every suffix in both cases, with each of its endings, at the largest number that it can have.
static void test_suffixes(void **state) {
    (void)state;
    static const char letters[2][7] = {"kmgtpe", "KMGTPE"};
    static const char *const endings[] = {"", "b", "B", "i", "I", "ib", "iB", "Ib", "IB"};
    for (int power = 1; power <= 6; power++) {
        for (int upper = 0; upper < 2; upper++) {
            for (size_t e = 0; e < sizeof endings / sizeof endings[0]; e++) {
                char text[64];
                int64_t unit = 1;
                char letter = letters[upper][power - 1];
                for (int i = 0; i < power; i++)
                    unit *= e == 0 ? 1000 : 1024;
                int64_t most = INT64_MAX / unit;
                snprintf(text, sizeof text, "%lld%c%s", (long long)most, letter, endings[e]);
                assert_true(integer(text) == most * unit);
                snprintf(text, sizeof text, "-%d%c%s", 3, letter, endings[e]);
                assert_true(integer(text) == -3 * unit);
                snprintf(text, sizeof text, "%lld%c%s", (long long)most + 1, letter, endings[e]);
                assert_false(is_integer(text));
            }
        }
    }
    assert_false(is_integer("1x"));
    assert_false(is_integer("1bk"));
    assert_false(is_integer("1kbb"));
    assert_false(is_integer("1kbi"));
    assert_false(is_integer("1kibb"));
}

static void test_decimals(void **state) {
    (void)state;
    int64_t value;
    assert_true(decimal_read(word("-42"), &value) && value == -42);
    assert_true(decimal_read(word("+42"), &value) && value == 42);
    assert_false(decimal_read(word(""), &value));
    assert_false(decimal_read(word("-"), &value));
    assert_false(decimal_read(word("4k"), &value));
    assert_false(decimal_read(word(" 4"), &value));
    assert_false(decimal_read(word("9223372036854775808"), &value));
}

static void test_seconds(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t ns;
    } cases[] = {
        {"0.5", 500000000}, {"2.0", 2000000000},   {"1.25", 1250000000},
        {"0.0009", 900000}, {"-1.5", -1500000000}, {"9223372036.854775807", INT64_MAX},
    };
    struct word words[2];
    int64_t ns;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_null(duration_read(word(cases[i].text), true, &ns, words));
        assert_true(ns == cases[i].ns);
    }
    assert_non_null(duration_read(word("9223372036.854775808"), true, &ns, words));
    assert_non_null(duration_read(word("9223372037.0"), true, &ns, words));
    assert_true(seconds_ms(3) == 3000);
    assert_true(seconds_ms(INT64_MAX) == (int64_t)1 << 62);
    assert_true(seconds_ms(-INT64_MAX) == -((int64_t)1 << 62));
}

// Every day of years of each kind, by a count of their days.
static void test_days(void **state) {
    (void)state;
    static const struct {
        int year, days;
    } years[] = {{1999, 365}, {2000, 366}, {1900, 365}, {2024, 366}, {2100, 365}};
    for (size_t y = 0; y < sizeof years / sizeof years[0]; y++) {
        int days = 0;
        for (int month = 0; month < 100; month++) {
            for (int day = 0; day < 100; day++) {
                char text[64];
                snprintf(text, sizeof text, "%04d-%02d-%02dT23:59:59Z", years[y].year, month, day);
                days += datetime_valid(word(text));
            }
        }
        assert_int_equal(days, years[y].days);
    }
    assert_true(datetime_valid(word("2006-01-02T00:00:00Z")));
    assert_false(datetime_valid(word("2006-01-02T24:00:00Z")));
    assert_false(datetime_valid(word("2006-01-02T00:60:00Z")));
    assert_false(datetime_valid(word("2006-01-02T00:00:60Z")));
}

// What Go's time.ParseDuration makes of the same.
static void test_durations(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t ns;
    } cases[] = {
        {"0", 0},
        {"-0", 0},
        {"5s", 5000000000},
        {"+5s", 5000000000},
        {"-5s", -5000000000},
        {"1m30s", 90000000000},
        {"1h15m30.918273645s", 4530918273645},
        {"1.5h", 5400000000000},
        {".5s", 500000000},
        {"5.s", 5000000000},
        {"100ms", 100000000},
        {"1us", 1000},
        {"1\xc2\xb5s", 1000},
        {"1\xce\xbcs", 1000},
        {"1ns", 1},
        {"0.3ns", 0},
        {"2m0.0000000009s", 120000000000},
        {"9223372036854775807ns", INT64_MAX},
        {"2562047h47m16.854775807s", INT64_MAX},
    };
    struct word words[2];
    int64_t ns;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_null(duration_read(word(cases[i].text), false, &ns, words));
        assert_true(ns == cases[i].ns);
    }
}

static void test_bad_durations(void **state) {
    (void)state;
    static const struct {
        const char *text, *reason;
    } cases[] = {
        {"", "time: invalid duration \"\""},
        {"-", "time: invalid duration \"-\""},
        {"s", "time: invalid duration \"s\""},
        {".", "time: invalid duration \".\""},
        {".s", "time: invalid duration \".s\""},
        {"3", "time: missing unit in duration \"3\""},
        {"1.5", "time: missing unit in duration \"1.5\""},
        {"1.5.5s", "time: missing unit in duration \"1.5.5s\""},
        {"3x", "time: unknown unit \"x\" in duration \"3x\""},
        {"1s3", "time: missing unit in duration \"1s3\""},
        {"1 s", "time: unknown unit \" s\" in duration \"1 s\""},
        {"9223372036854775808ns", "time: invalid duration \"9223372036854775808ns\""},
        {"2562047h47m16.854775808s", "time: invalid duration \"2562047h47m16.854775808s\""},
        {"9999999h", "time: invalid duration \"9999999h\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[128];
        struct format f = FORMAT(text);
        struct word words[2];
        int64_t ns;
        const char *sentence = duration_read(word(cases[i].text), false, &ns, words);
        assert_non_null(sentence);
        format_words(&f, sentence, words);
        text[f.n] = '\0';
        assert_string_equal(text, cases[i].reason);
    }
}

static void test_names(void **state) {
    (void)state;
    assert_true(word_is(word("max_conn"), "max_connections|max_conn", true));
    assert_true(word_is(word("MAX_CONNECTIONS"), "max_connections|max_conn", true));
    assert_false(word_is(word("max_con"), "max_connections|max_conn", true));
    assert_false(word_is(word("max_connections|max_conn"), "max_connections|max_conn", true));
    assert_false(word_is(word(""), "max_connections|max_conn", true));
    assert_false(word_is(word(""), "", true));
    assert_true(word_is(word("V"), "V|trace", false));
    assert_false(word_is(word("v"), "V|trace", false));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_integers), cmocka_unit_test(test_suffixes),
        cmocka_unit_test(test_decimals),       cmocka_unit_test(test_seconds),
        cmocka_unit_test(test_days),           cmocka_unit_test(test_durations),
        cmocka_unit_test(test_bad_durations),  cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
