// The grammar at its edges: what no kept case can hold, every short text, every beginning of a good
// one, and the bounds of a reading.

#include "tests/unit/conf/reading.h"

static void test_line_ends(void **state) {
    (void)state;
    read_good("port: 1\r\nhost: a\r\n");
    assert_int_equal(config.port, 1);
    assert_string_equal(text_of(config.host), "a");
    read_good("\r\n\t port: 2");
    assert_int_equal(config.port, 2);
    read_good("\v port\v:\t3 \n\f");
    assert_int_equal(config.port, 3);
}

static void test_zero_bytes(void **state) {
    (void)state;
    // Nothing that stands behind it is passed over unsaid, not even where nats-server does so:
    // right behind a value.
    static const struct {
        const char *text;
        size_t bytes;
        int line;
    } cases[] = {
#define TEXT(t) t, sizeof t - 1
        {TEXT("\0"), 1},
        {TEXT("port: 1\0host: a"), 1},
        {TEXT("port: 1 \0"), 1},
        {TEXT("port: 1\n\0"), 2},
        {TEXT("port: 1\n\0\0foo: 1\n"), 2},
        {TEXT("port: 1\n# a\0b\nhost: b\n"), 2},
        {TEXT("port: 1\nhost: a\0b\n"), 2},
        {TEXT("authorization {}\n\n\0"), 3},
        {TEXT("server_name: \"a\0b\""), 1},
        {TEXT("server_name: 'a\0b'"), 1},
        {TEXT("port: 1\n}\n\0\nfoo: 1"), 3},
        {TEXT("{ port: 1 }\0"), 1},
#undef TEXT
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char expected[64];
        snprintf(expected, sizeof expected, "E Parse error on line %d: 'Unexpected EOF.'\n",
                 cases[i].line);
        assert_false(read_bytes(cases[i].text, cases[i].bytes));
        assert_string_equal(said, expected);
    }
    assert_false(read_bytes("a\0b: 1", 6));
    assert_string_equal(said, "E config is invalid (u.conf:1:1)\n");
    assert_false(read_bytes("authorization { \0 }", 19));
    assert_string_equal(said, "E Parse error on line 1: 'Unexpected EOF processing map.'\n");
    read_bad("host: \"a\\x00b\"", "E u.conf:1:0: a string cannot hold a zero byte\n");
}

static void test_empty(void **state) {
    (void)state;
    static const char *const texts[] = {"", " ", "\n\n", "# nothing", "{}", "{ }\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_true(read_text(texts[i]));
        assert_string_equal(said, "W u.conf: config has no values or is empty\n");
    }
}

static void test_texts(void **state) {
    (void)state;
    read_good("server_name: \"a\\tb\\n\\r\\\"\\\\\\x41\\xfF\"");
    assert_string_equal(text_of(config.server_name), "a\tb\n\r\"\\A\xff");
    read_good("server_name: 'a\\t\"'");
    assert_string_equal(text_of(config.server_name), "a\\t\"");
    read_good("server_name: a\\x41b");
    assert_string_equal(text_of(config.server_name), "aAb");
    read_good("log_file: (\none\n two ) (\n)\n");
    assert_string_equal(text_of(config.log_file), "\none\n two ) (\n");
    // A backslash that makes a text of a number is none of an escape.
    read_good("server_name: 05\\n\\x41");
    assert_string_equal(text_of(config.server_name), "05\\nA");
    read_good("server_name: 05\\\\\\x");
    assert_string_equal(text_of(config.server_name), "05\\\\x");
    read_good("log_file: $2a$");
    assert_string_equal(text_of(config.log_file), "$2a$");
}

static void test_variables(void **state) {
    (void)state;
    read_good(
        "X: x\nA: { publish: $X }\nX: z\nhost: $X\nauthorization { default_permissions: $A }");
    assert_int_equal(config.permissions[0].publish_allow.count, 1);
    assert_string_equal(text_of(config.subjects[0]), "x");
    assert_string_equal(text_of(config.host), "z");
    read_good("U: outer, V: $U\nauthorization { U: inner, user: $U, pass: $V }");
    assert_string_equal(text_of(config.username), "inner");
    assert_string_equal(text_of(config.password), "outer");
    read_good("PORT: 1\nport: $CHAIN");
    assert_int_equal(config.port, 4334);
    read_good("server_tags: $LIST, host: $NAME, server_name: $ESCAPED");
    assert_int_equal(config.tags_count, 2);
    assert_string_equal(text_of(config.host), "a name");
    assert_string_equal(text_of(config.server_name), "aA");
}

// An included text sees its own variables only, but what it defines is seen behind it.
static void test_includes(void **state) {
    (void)state;
    read_good("port: 1\ninclude nested.conf\nserver_name: a");
    assert_int_equal(config.port, 4333);
    assert_string_equal(text_of(config.host), "nested");
    assert_string_equal(text_of(config.server_name), "a");
    read_good("include define.conf\nhost: $INNER");
    assert_string_equal(text_of(config.host), "included");
    read_bad("include unknown.conf", "E unknown.conf:3:3: unknown field \"foo\"\n");
}

// Without call-outs there are neither.
static void test_no_callouts(void **state) {
    (void)state;
    static const struct midge_reading bare = {.complain = complain};
    static const struct {
        const char *text, *said;
    } cases[] = {
        {"include port.conf",
         "E error parsing include file 'port.conf', this build has no includes\n"},
        {"port: $PORT", "E variable reference for 'PORT' on line 1 can not be found\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct midge_source source = {"u.conf", cases[i].text, (uint32_t)strlen(cases[i].text)};
        said[0] = '\0';
        midge_config_defaults(&config);
        assert_false(midge_configure(&config, &source, &bare));
        assert_string_equal(said, cases[i].said);
    }
}

// A text that is broken at its end has set nothing.
static void test_broken_changes_nothing(void **state) {
    (void)state;
    read_bad("port: 1\nfoo: 2\nhost: [", "E Parse error on line 3: 'Expected an array value "
                                         "terminator \",\" or an array terminator \"]\", but got "
                                         "'EOF' instead.'\n");
    assert_int_equal(config.port, 4222);
}

// ---- Bounds -------------------------------------------------------------------------------------

static char text[1 << 21];

static const char *repeat(const char *before, const char *part, int count, const char *after) {
    size_t n = (size_t)sprintf(text, "%s", before);
    for (int i = 0; i < count; i++)
        n += (size_t)sprintf(text + n, part, i);
    sprintf(text + n, "%s", after);
    return text;
}

static void test_depth(void **state) {
    (void)state;
    char expected[128];
    snprintf(expected, sizeof expected, "E config is nested deeper than %d levels\n",
             MIDGE_CONFIG_DEPTH_MAX);
    // The top level is one.
    read_bad(repeat("x: ", "[", MIDGE_CONFIG_DEPTH_MAX, ""), expected);
    read_bad(repeat("x: ", "{ x: ", MIDGE_CONFIG_DEPTH_MAX, ""), expected);
    assert_false(read_text("include loop.conf"));
    assert_non_null(strstr(said, expected + 2));
    size_t n = strlen(repeat("X: ", "[", MIDGE_CONFIG_DEPTH_MAX - 1, ""));
    memset(text + n, ']', MIDGE_CONFIG_DEPTH_MAX - 1);
    text[n + MIDGE_CONFIG_DEPTH_MAX - 1] = '\0';
    read_bad(text, "E u.conf:1:0: unknown field \"X\"\n");
}

static void test_keys(void **state) {
    (void)state;
    char expected[128];
    snprintf(expected, sizeof expected,
             "E config has more than %d keys in the maps around one value\n",
             MIDGE_CONFIG_KEYS_MAX);
    read_bad(repeat("", "x%d: 1\n", MIDGE_CONFIG_KEYS_MAX + 1, ""), expected);
    repeat("", "port: %d\n", MIDGE_CONFIG_KEYS_MAX, "");
    read_good(text);
    assert_int_equal(config.port, MIDGE_CONFIG_KEYS_MAX - 1);
    // Keys of maps that are closed do not count.
    repeat("authorization { users: [", "{user: u%d, password: p}\n", MIDGE_CONFIG_KEYS_MAX + 1,
           "] }");
    read_good(text);
    assert_int_equal(config.users_count, MIDGE_CONFIG_KEYS_MAX + 1);
}

static void test_room_for_texts(void **state) {
    (void)state;
    char expected[128];
    snprintf(expected, sizeof expected, "E u.conf:1:0: more than %d bytes of strings\n",
             MIDGE_CONFIG_TEXT_BYTES);
    // The empty text, and the NUL behind this one.
    repeat("host: ", "a", MIDGE_CONFIG_TEXT_BYTES - 2, "");
    read_good(text);
    assert_int_equal(strlen(text_of(config.host)), MIDGE_CONFIG_TEXT_BYTES - 2);
    read_bad(repeat("host: ", "a", MIDGE_CONFIG_TEXT_BYTES - 1, ""), expected);
    read_bad(repeat("host: \"", "a", MIDGE_CONFIG_TEXT_BYTES - 1, "\\t\""), expected);
}

// Variables that multiply are cut off before they take for ever.
static void test_multiplication(void **state) {
    (void)state;
    char *to = text + sprintf(text, "X0: [a, a, a, a, a, a, a, a, a, a]\n");
    for (int i = 1; i < 20; i++) {
        to += sprintf(to, "X%d: [", i);
        for (int j = 0; j < 10; j++)
            to += sprintf(to, "$X%d, ", i - 1);
        to += sprintf(to, "]\n");
    }
    read_bad(text, "E config comes to too many values\n");
}

// ---- Every short text, every beginning ----------------------------------------------------------

// Whatever the text, a reading ends, stays inside it, and judges it alike twice; whatever is bad is
// complained of.
static void check(const char *bytes, size_t n) {
    static char before[sizeof said];
    bool good = read_bytes(bytes, n);
    bool complained = said[0] == 'E' || strstr(said, "\nE ") != NULL;
    assert_true(good != complained);
    strcpy(before, said);
    assert_int_equal(read_bytes(bytes, n), good);
    assert_string_equal(said, before);
}

static void test_every_short_text(void **state) {
    (void)state;
    static const char alphabet[] = "{}[]:,\"'(#/\\a1$-.\n ";
    enum { LETTERS = sizeof alphabet - 1, LENGTH = EMULATED ? 3 : 4 };
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
    static const char whole[] =
        "{ # JSON's brace\n"
        "  X: { publish: { allow: [ \"a.>\", 'b' ], deny: c } }, Y = [ $LIST ];\n"
        "  \"port\": 4222, host \"a\\x41\\n\" // and so on\n"
        "  include nested.conf\n"
        "  ping_interval: \"1m30s\", write_deadline = 10s\n"
        "  max_payload: 1Mb; log_size_limit: -5, log_file (\n block\n)\n"
        "  authorization {\n"
        "    timeout: 1.5\n"
        "    users: [ { user: ada, password: $NAME, permissions: $X },\n"
        "             { user: bob, password: 2006-01-02T03:04:05Z-x } ]\n"
        "  }\n"
        "}\n";
    for (size_t n = 0; n <= sizeof whole - 1; n++)
        check(whole, n);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line_ends),
        cmocka_unit_test(test_zero_bytes),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_variables),
        cmocka_unit_test(test_includes),
        cmocka_unit_test(test_no_callouts),
        cmocka_unit_test(test_broken_changes_nothing),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_room_for_texts),
        cmocka_unit_test(test_multiplication),
        cmocka_unit_test(test_every_short_text),
        cmocka_unit_test(test_every_beginning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
