// A configuration as a chip reads it: the hub's grammar, with the options that a chip carries out,
// and complaints that say where it is wrong and what was expected.

#include "tests/unit/conf/reading.h"

#include "tests/unit/conf/cases.h"

static void test_cases(void **state) {
    (void)state;
    static struct one_case c;
    FILE *file = fopen("tests/unit/conf/chip.cases", "r");
    int count = 0;
    assert_non_null(file);
    for (; next_case(file, &c); count++) {
        bool good = read_text(c.text);
        if (strcmp(said, c.complaints) != 0)
            fail_msg("%s\n-- is said to be\n%s-- but should\n%s", c.text, said, c.complaints);
        assert_int_equal(good, said[0] != 'E');
    }
    fclose(file);
    assert_true(count >= 70);
}

// What only a hub has: options, variables, dates, and numbers of more than 31 bits.
static bool is_of_a_hub(const struct one_case *c) {
    return strstr(said, "expected an option instead of ") != NULL ||
           strstr(said, "expected quotes around $") != NULL ||
           strstr(said, "expected a smaller number") != NULL ||
           strstr(c->complaints, "ISO8601") != NULL || strstr(c->complaints, "DateTime") != NULL ||
           strstr(c->complaints, "a time") != NULL;
}

// The kept configurations of the hub are good or bad on a chip too.
static void test_as_the_hub(void **state) {
    (void)state;
    static const char *const paths[] = {"tests/unit/conf/grammar.cases",
                                        "tests/unit/conf/authorization.cases"};
    static struct one_case c;
    int alike = 0;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        FILE *file = fopen(paths[i], "r");
        assert_non_null(file);
        while (next_case(file, &c)) {
            bool good =
                strstr(c.complaints, "E ") != c.complaints && strstr(c.complaints, "\nE ") == NULL;
            bool as_good = read_text(c.text);
            if (is_of_a_hub(&c))
                continue;
            if (as_good != good)
                fail_msg("%s\n-- is said to be\n%s-- and for a hub\n%s", c.text, said,
                         c.complaints);
            alike++;
        }
        fclose(file);
    }

    assert_true(alike >= 120);
}

static void test_values(void **state) {
    (void)state;
    read_good("listen: 1.2.3.4:4333, http: 8222, server_name: n, no_header_support: on\n"
              "max_payload: 1k, max_pending: 4kb, max_connections: 3, ping_interval: 2m30s\n"
              "write_deadline: \"1.5s\", ping_max: 7, no_auth_user: bob\n"
              "authorization {\n"
              "  timeout: 0.25\n"
              "  users: [ {user: ada, password: \"\\x41\\t\", permissions: {sub: {deny: ['a.>', "
              "\"b q\"]}}}\n"
              "           {user: bob} ]\n"
              "}\n");
    assert_true(midge_config_complete(&config, &reading));
    assert_string_equal(said, "");
    assert_string_equal(text_of(config.host), "1.2.3.4");
    assert_int_equal(config.port, 4333);
    assert_string_equal(text_of(config.http_host), "1.2.3.4");
    assert_int_equal(config.http_port, 8222);
    assert_string_equal(text_of(config.server_name), "n");
    assert_true(config.no_header_support);
    assert_int_equal(config.max_payload, 1000);
    assert_int_equal(config.max_pending, 4096);
    assert_int_equal(config.max_connections, 3);
    assert_int_equal(config.ping_interval_ms, 150000);
    assert_int_equal(config.write_deadline_ms, 1500);
    assert_int_equal(config.ping_max, 7);
    assert_int_equal(config.auth_timeout_ms, 250);
    assert_int_equal(config.users_count, 2);
    assert_string_equal(text_of(config.users[0].password), "A\t");
    assert_int_equal(config.users[0].permissions, 1);
    assert_int_equal(config.permissions[0].subscribe_allow.count, 0);
    assert_int_equal(config.permissions[0].subscribe_deny.count, 2);
    assert_string_equal(text_of(config.subjects[1]), "b q");
    read_good("server_name: 05\\\\\\x");
    assert_string_equal(text_of(config.server_name), "05\\\\x");
    // What no option reaches has its standard all the same.
    assert_int_equal(config.lame_duck_duration_ms, 120000);
    assert_int_equal(config.lame_duck_grace_ms, 10000);
}

static void test_complete(void **state) {
    (void)state;
    static const struct {
        const char *text, *said;
    } cases[] = {
        {"max_payload: 1k, max_pending: 1", "E max_payload is above max_pending\n"},
        {"no_auth_user: eve", "E no_auth_user is no user\n"},
        {"no_auth_user: eve, authorization { users: [ {user: ada} ] }",
         "E no_auth_user is no user\n"},
        {"no_auth_user: ada, authorization { users: [ {user: ada} ] }", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        read_good(cases[i].text);
        assert_int_equal(midge_config_complete(&config, &reading), cases[i].said[0] == '\0');
        assert_string_equal(said, cases[i].said);
    }
}

static void test_room_for_texts(void **state) {
    (void)state;
    char text[MIDGE_CONFIG_TEXT_BYTES + 32] = "host: ";
    char expected[96];
    memset(text + 6, 'a', MIDGE_CONFIG_TEXT_BYTES - 2);
    read_good(text);
    text[MIDGE_CONFIG_TEXT_BYTES + 4] = 'a';
    snprintf(expected, sizeof expected, "E u.conf:1:0: expected at most %d bytes of strings\n",
             MIDGE_CONFIG_TEXT_BYTES);
    read_bad(text, expected);
}

// Whatever the text, a reading ends, stays inside it, and judges it alike twice; whatever is bad is
// complained of, at a place inside it.
static void check(const char *bytes, size_t n) {
    static char before[sizeof said];
    int lines = 1;
    for (size_t i = 0; i < n; i++)
        lines += bytes[i] == '\n';
    bool good = read_bytes(bytes, n);
    int line = 0;
    int column = -1;
    assert_int_equal(good, said[0] != 'E');
    if (!good) {
        assert_int_equal(sscanf(said, "E u.conf:%d:%d: expected ", &line, &column), 2);
        assert_in_range(line, 1, lines);
        assert_in_range(column, 0, n);
    }
    strcpy(before, said);
    assert_int_equal(read_bytes(bytes, n), good);
    assert_string_equal(said, before);
}

static void test_every_short_text(void **state) {
    (void)state;
    static const char alphabet[] = "{}[]:,\"'(#/\\a1$-.\n ";
    enum { LETTERS = sizeof alphabet - 1, LENGTH = 4 };
    uint32_t total = 1;
    for (int i = 0; i < LENGTH; i++)
        total *= LETTERS;
    for (uint32_t number = 0; number < total; number++) {
        char bytes[LENGTH];
        uint32_t rest = number;
        for (int i = 0; i < LENGTH; i++, rest /= LETTERS)
            bytes[i] = alphabet[rest % LETTERS];
        check(bytes, LENGTH);
    }
}

static void test_every_beginning(void **state) {
    (void)state;
    static const char whole[] = "{ # JSON's brace\n"
                                "  \"port\": 4222, host \"a\\x41\\n\" // and so on\n"
                                "  ping_interval: \"1m30s\", write_deadline = 10s\n"
                                "  max_payload: 1Kb; ping_max -5, http_base_path (\n block\n)\n"
                                "  authorization {\n"
                                "    timeout: 1.5\n"
                                "    users: [ { user: ada, permissions: { publish: { allow: [ "
                                "\"a.>\", 'b' ], deny: c } } },\n"
                                "             { user: bob, password: 2006-01-02T03:04:05Z-x } ]\n"
                                "  }\n"
                                "}\n";
    for (size_t n = 0; n <= sizeof whole - 1; n++)
        check(whole, n);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),           cmocka_unit_test(test_as_the_hub),
        cmocka_unit_test(test_values),          cmocka_unit_test(test_complete),
        cmocka_unit_test(test_room_for_texts),  cmocka_unit_test(test_every_short_text),
        cmocka_unit_test(test_every_beginning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
