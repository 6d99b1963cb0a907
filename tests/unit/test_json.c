// JSON against the plainest recursive reading of RFC 8259: every short text over an alphabet of
// what matters, then the parts of strings and numbers one by one.

#include "tests/unit/broker.h"

#include <stdio.h>

#include "broker/core/json.h"

// ---- The model: each function steps over what it names, or answers NULL -------------------------

static const char *blanks(const char *p) {
    return p + strspn(p, " \t\r\n");
}

static const char *model_value(const char *p);

static const char *model_string(const char *p) {
    if (*p++ != '"')
        return NULL;
    while (*p != '"') {
        if ((unsigned char)*p < 0x20)
            return NULL;
        if (*p++ != '\\')
            continue;
        if (*p == 'u') {
            for (int i = 1; i <= 4; i++) {
                if (p[i] == '\0' || strchr("0123456789abcdefABCDEF", p[i]) == NULL)
                    return NULL;
            }
            p += 5;
        } else if (*p == '\0' || strchr("\"\\/bfnrt", *p++) == NULL) {
            return NULL;
        }
    }
    return p + 1;
}

static const char *model_digits(const char *p) {
    size_t n = strspn(p, "0123456789");
    return n > 0 ? p + n : NULL;
}

static const char *model_number(const char *p) {
    p += *p == '-';
    if (*p == '0')
        p++;
    else if ((p = model_digits(p)) == NULL)
        return NULL;
    if (*p == '.' && (p = model_digits(p + 1)) == NULL)
        return NULL;
    if (*p == 'e' || *p == 'E') {
        p++;
        p = model_digits(p + (*p == '+' || *p == '-'));
    }
    return p;
}

// An object or array, whose opening bracket is at p.
static const char *model_list(const char *p) {
    bool object = *p == '{';
    char end = object ? '}' : ']';
    p = blanks(p + 1);
    if (*p == end)
        return p + 1;
    for (;; p++) {
        p = blanks(p);
        if (object) {
            if ((p = model_string(p)) == NULL)
                return NULL;
            p = blanks(p);
            if (*p++ != ':')
                return NULL;
        }
        if ((p = model_value(blanks(p))) == NULL)
            return NULL;
        p = blanks(p);
        if (*p == end)
            return p + 1;
        if (*p != ',')
            return NULL;
    }
}

static const char *model_value(const char *p) {
    static const char *const words[] = {"null", "true", "false"};
    for (int i = 0; i < 3; i++) {
        if (strncmp(p, words[i], strlen(words[i])) == 0)
            return p + strlen(words[i]);
    }
    if (*p == '{' || *p == '[')
        return model_list(p);
    return *p == '"' ? model_string(p) : model_number(p);
}

// Whether the text is one object, and nothing else.
static bool model_object(const char *text) {
    const char *p = blanks(text);
    return *p == '{' && (p = model_list(p)) != NULL && *blanks(p) == '\0';
}

// ---- What is tested -----------------------------------------------------------------------------

static struct json reading(const char *text) {
    return (struct json){.at = (const uint8_t *)text, .end = (const uint8_t *)text + strlen(text)};
}

static bool is_object(const char *text) {
    struct json j = reading(text);
    struct json_piece key = {JSON_BAD, NULL, 0}, value;
    if (!json_enter(&j))
        return false;
    while (json_member(&j, &key, &value)) {
        assert_true(value.type != JSON_BAD);
        assert_true(value.bytes + value.n <= (const uint8_t *)text + strlen(text));
    }
    return !j.bad && json_ended(&j);
}

static uint32_t objects;

static void expect_as_model(const char *text) {
    bool object = model_object(text);
    if (is_object(text) != object)
        fail_msg("%s is%s an object", text, object ? "" : " not");
    objects += object;
}

static void test_every_short_text(void **state) {
    (void)state;
    static const char *const pieces[] = {"\"a\"", ":", ",", "{", "}", "[", "]", " 1"};
    enum { KINDS = sizeof pieces / sizeof pieces[0], LONGEST = EMULATED ? 6 : 7 };
    objects = 0;
    for (uint32_t length = 0, all = 1; length <= LONGEST; length++, all *= KINDS) {
        for (uint32_t code = 0; code < all; code++) {
            char text[64] = "{";
            char *to = text + 1;
            for (uint32_t i = 0, rest = code; i < length; i++, rest /= KINDS)
                to = stpcpy(to, pieces[rest % KINDS]);
            expect_as_model(text);
            // And one byte too few.
            to[-1] = '\0';
            expect_as_model(text);
        }
    }
    assert_int_equal(objects, EMULATED ? 42 : 58);
}

static void test_members_of_any_kind(void **state) {
    (void)state;
    static const char *const values[] = {
        "0",
        "-0",
        "01",
        "1.5",
        "1.",
        ".5",
        "1e5",
        "1E+05",
        "1e",
        "1e-",
        "-",
        "+1",
        "--1",
        "1.2.3",
        "9223372036854775808",
        "true",
        "tru",
        "True",
        "false",
        "null",
        "nul",
        "nan",
        "\"\"",
        "\"\\n\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u12aB\"",
        "\"\\ud800\"",
        "\"\t\"",
        "\"\x7f\"",
        "\"\xff\"",
        "'a'",
        "[]",
        "[1,]",
        "[,1]",
        "[1 2]",
        "{}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{\"a\":[{\"b\":[{}]}]}",
        "[[[[]]]]",
        "[}",
        "{]",
        "",
        " ",
        "//",
        "\"unended",
        "\\",
    };
    for (uint32_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        char text[200];
        snprintf(text, sizeof text, "{\"k\":%s}", values[i]);
        expect_as_model(text);
        snprintf(text, sizeof text, " { \"k\" : %s , \"l\" : %s } ", values[i], values[i]);
        expect_as_model(text);
        snprintf(text, sizeof text, "{\"k\":[%s,{\"l\":%s}]} x", values[i], values[i]);
        expect_as_model(text);
        snprintf(text, sizeof text, "{\"k\":[%s,{\"l\":%s}]}", values[i], values[i]);
        expect_as_model(text);
    }
}

static void test_depth(void **state) {
    (void)state;
    for (uint32_t depth = JSON_DEPTH_MAX - 1; depth <= JSON_DEPTH_MAX + 1; depth++) {
        char text[4 * (JSON_DEPTH_MAX + 2) * 2] = "{\"k\":";
        for (uint32_t i = 0; i < depth; i++)
            strcat(text, i % 2 ? "[" : "{\"a\":");
        strcat(text, "1");
        for (uint32_t i = depth; i-- > 0;)
            strcat(text, i % 2 ? "]" : "}");
        strcat(text, "}");
        assert_int_equal(is_object(text), depth <= JSON_DEPTH_MAX);
    }
}

static void test_null(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool null;
    } cases[] = {{"null", true}, {" null\r\n", true}, {"null null", false}, {"nulL", false},
                 {"", false},    {"{}", false},       {"nullx", false},     {"\"null\"", false}};
    for (uint32_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const uint8_t *text = (const uint8_t *)cases[i].text;
        enum json_type type = json_of(text, (uint32_t)strlen(cases[i].text));
        assert_int_equal(type == JSON_NULL, cases[i].null);
    }
}

// ---- Strings ------------------------------------------------------------------------------------

// The code point in UTF-8, as its definition says.
static uint32_t utf8(uint32_t rune, uint8_t *to) {
    static const uint32_t ends[] = {0x80, 0x800, 0x10000, 0x110000};
    uint32_t more = 0;
    while (rune >= ends[more])
        more++;
    static const uint8_t marks[] = {0, 0xc0, 0xe0, 0xf0};
    to[0] = (uint8_t)(marks[more] | rune >> 6 * more);
    for (uint32_t i = 1; i <= more; i++)
        to[i] = (uint8_t)(0x80 | (rune >> 6 * (more - i) & 0x3f));
    return more + 1;
}

static void expect_decoded(const char *text, const uint8_t *expected, uint32_t n) {
    // In place, as CONNECT has it.
    uint8_t bytes[64];
    struct json_piece string = {JSON_STRING, bytes, (uint32_t)strlen(text)};
    memcpy(bytes, text, string.n);
    assert_int_equal(json_decode(&string, bytes), n);
    assert_memory_equal(bytes, expected, n);
}

static void test_code_points(void **state) {
    (void)state;
    char text[16];
    uint8_t expected[16];
    for (uint32_t unit = 0; unit < 0x10000; unit++) {
        snprintf(text, sizeof text, unit % 2 ? "\\u%04x" : "\\u%04X", unit);
        bool surrogate = unit >= 0xd800 && unit < 0xe000;
        expect_decoded(text, expected, utf8(surrogate ? 0xfffd : unit, expected));
    }
    for (uint32_t rune = 0x10000; rune < 0x110000; rune += 61) {
        snprintf(text, sizeof text, "\\u%04x\\u%04x", 0xd800 + ((rune - 0x10000) >> 10),
                 0xdc00 + (rune & 0x3ff));
        expect_decoded(text, expected, utf8(rune, expected));
    }
}

static void test_escapes(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"", ""},
        {"plain", "plain"},
        {"\\\"\\\\\\/", "\"\\/"},
        {"\\b\\f\\n\\r\\t", "\b\f\n\r\t"},
        {"a\\u0041b", "aAb"},
        {"\\ud83d\\ude00!", "\xf0\x9f\x98\x80!"},
        {"\\ud83d\\u0041", "\xef\xbf\xbd"
                           "A"},
        {"\\ud83d\\ud83d\\ude00", "\xef\xbf\xbd\xf0\x9f\x98\x80"},
        {"\\ude00\\ud83d", "\xef\xbf\xbd\xef\xbf\xbd"},
        {"\\ud83dx", "\xef\xbf\xbdx"},
        {"\\ud83d\\n", "\xef\xbf\xbd\n"},
        {"\xc3\xa9\xff", "\xc3\xa9\xff"},
    };
    for (uint32_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect_decoded(cases[i][0], (const uint8_t *)cases[i][1], (uint32_t)strlen(cases[i][1]));
}

static void test_keys(void **state) {
    (void)state;
    static const struct {
        const char *key;
        bool is;
    } cases[] = {{"user", true},   {"USER", true}, {"uSeR", true},  {"use", false},
                 {"users", false}, {"", false},    {"us@r", false}, {"userR", false}};
    for (uint32_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct json_piece key = {JSON_STRING, (const uint8_t *)cases[i].key,
                                 (uint32_t)strlen(cases[i].key)};
        assert_int_equal(json_key_is(&key, "user"), cases[i].is);
    }
    // A case is a letter's: "no_responders" has a byte that case folding by a bit would confuse.
    struct json_piece key = {JSON_STRING, (const uint8_t *)"no\x7fresponders", 13};
    assert_false(json_key_is(&key, "no_responders"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_short_text),
        cmocka_unit_test(test_members_of_any_kind),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_null),
        cmocka_unit_test(test_code_points),
        cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
