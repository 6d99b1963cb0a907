// HTTP requests, read in one piece and byte by byte; and their targets taken apart.

#include "tests/unit/broker.h"

#include "broker/core/http.h"

#define TARGET_MAX 64

static enum http_status read_in(const char *request, uint32_t n, uint32_t piece, struct http *h,
                                uint8_t *target) {
    enum http_status status = HTTP_MORE;
    *h = (struct http){0};
    for (uint32_t at = 0; at < n && status == HTTP_MORE; at += piece) {
        uint32_t part = n - at < piece ? n - at : piece;
        status = http_read(h, target, TARGET_MAX, (const uint8_t *)request + at, part);
    }
    return status;
}

static void test_requests(void **state) {
    (void)state;
    static const struct {
        const char *request;
        enum http_status status;
        const char *target;
    } cases[] = {
        {"GET /varz HTTP/1.1\r\nHost: a\r\n\r\n", HTTP_OK, "/varz"},
        {"GET /varz HTTP/1.0\r\n\r\n", HTTP_OK, "/varz"},
        {"GET /varz HTTP/1.1\nHost: a\n\n", HTTP_OK, "/varz"},
        {"\r\n\r\nGET / HTTP/1.1\r\n\r\n", HTTP_OK, "/"},
        {"POST /connz?a=b HTTP/1.1\r\nContent-Length: 1\r\n\r\nx", HTTP_OK, "/connz?a=b"},
        {"GET /varz HTTP/1.1\r\nHost: a\r\n", HTTP_MORE, NULL},
        {"GET /varz HTTP/1.1\r\n\r", HTTP_MORE, NULL},
        {"GET", HTTP_MORE, NULL},
        {"", HTTP_MORE, NULL},
        {"get /varz HTTP/1.1\r\n\r\n", HTTP_BAD_REQUEST, NULL},
        {" /varz HTTP/1.1\r\n\r\n", HTTP_BAD_REQUEST, NULL},
        {"GET  /varz HTTP/1.1\r\n\r\n", HTTP_BAD_REQUEST, NULL},
        {"GET /varz\r\n\r\n", HTTP_BAD_REQUEST, NULL},
        {"GET /var\x01 HTTP/1.1\r\n\r\n", HTTP_BAD_REQUEST, NULL},
        {"GET /varz HTTP/1.1 \r\n\r\n", HTTP_BAD_REQUEST, NULL},
        {"GET /varz HTTP/1.x\r\n\r\n", HTTP_BAD_REQUEST, NULL},
        {"GET /varz HTTX/1.1\r\n\r\n", HTTP_BAD_REQUEST, NULL},
        {"INFO {}\r\n", HTTP_BAD_REQUEST, NULL},
        {"PRI * HTTP/2.0\r\n\r\n", HTTP_VERSION_UNKNOWN, NULL},
    };
    for (uint32_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint32_t n = (uint32_t)strlen(cases[i].request);
        for (uint32_t piece = 1; piece <= n; piece++) {
            struct http h;
            uint8_t target[TARGET_MAX];
            assert_int_equal(read_in(cases[i].request, n, piece, &h, target), cases[i].status);
            if (cases[i].status != HTTP_OK)
                continue;
            assert_int_equal(h.target_bytes, strlen(cases[i].target));
            assert_memory_equal(target + h.target_at, cases[i].target, h.target_bytes);
        }
    }
}

static void test_head(void **state) {
    (void)state;
    static const struct {
        const char *request;
        bool head;
    } cases[] = {
        {"HEAD / HTTP/1.1\r\n\r\n", true},
        {"GET / HTTP/1.1\r\n\r\n", false},
        {"HEADER / HTTP/1.1\r\n\r\n", false},
    };
    for (uint32_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct http h;
        uint8_t target[TARGET_MAX];
        uint32_t n = (uint32_t)strlen(cases[i].request);
        assert_int_equal(read_in(cases[i].request, n, n, &h, target), HTTP_OK);
        assert_int_equal(h.is_head, cases[i].head);
    }
}

static void test_lengths(void **state) {
    (void)state;
    // The whole request line must fit, and one byte stays free.
    for (uint32_t line_bytes = TARGET_MAX - 3; line_bytes < TARGET_MAX + 3; line_bytes++) {
        uint32_t target_bytes = line_bytes - (uint32_t)strlen("GET  HTTP/1.1\r");
        char request[2 * TARGET_MAX] = "GET ";
        memset(request + 4, '/', target_bytes);
        strcpy(request + 4 + target_bytes, " HTTP/1.1\r\n\r\n");
        struct http h;
        uint8_t target[TARGET_MAX];
        enum http_status expected = line_bytes < TARGET_MAX ? HTTP_OK : HTTP_TARGET_TOO_LONG;
        assert_int_equal(read_in(request, (uint32_t)strlen(request), 5, &h, target), expected);
    }
    struct http h = {0};
    uint8_t target[TARGET_MAX];
    static const char line[] = "GET / HTTP/1.1\r\n";
    http_read(&h, target, TARGET_MAX, (const uint8_t *)line, sizeof line - 1);
    uint32_t sent = sizeof line - 1;
    enum http_status status = HTTP_MORE;
    for (; status == HTTP_MORE; sent++)
        status = http_read(&h, target, TARGET_MAX, (const uint8_t *)"x", 1);
    assert_int_equal(status, HTTP_HEAD_TOO_LARGE);
    assert_int_equal(sent, HTTP_HEAD_BYTES_MAX);
}

// Takes a target apart; `|` stands for a NUL in what is expected.
static void check_target(const char *given, const char *expected) {
    char request[256] = "GET ";
    strcat(strcat(request, given), " HTTP/1.1\r\n\r\n");
    struct http h;
    uint8_t target[TARGET_MAX];
    uint32_t n = (uint32_t)strlen(request);
    assert_int_equal(read_in(request, n, n, &h, target), HTTP_OK);
    uint32_t end = h.target_at + h.target_bytes;
    memset(target + end, '#', TARGET_MAX - end);
    uint32_t len = http_parse(&h, target);
    assert_int_equal(len, strlen(expected));
    for (uint32_t i = 0; i < len; i++) {
        if (target[i] == '\0')
            target[i] = '|';
    }
    assert_memory_equal(target, expected, len);
    // Nothing is written behind what was read.
    for (uint32_t i = end; i < TARGET_MAX; i++)
        assert_int_equal(target[i], '#');
}

static void test_targets(void **state) {
    (void)state;
    check_target("/", "/|");
    check_target("/varz?", "/varz|");
    check_target("/connz?a=b", "/connz|a|b|");
    check_target("/connz?a=b&c=d", "/connz|a|b|c|d|");
    check_target("/connz?a=b&&c=d&", "/connz|a|b|c|d|");
    check_target("/connz?a&b&c&d&e=f", "/connz|e|f|");
    check_target("/connz?=&=x", "/connz|||"
                                "|x|");
    check_target("/connz?a=b=c?d", "/connz|a|b=c?d|");
    check_target("/con%6Ez?%61=%24G&t=foo.%3e+bar", "/connz|a|$G|t|foo.> bar|");
    check_target("/connz+", "/connz+|");
    check_target("/connz?a=%4&b=%zz&c=%&d=%00&e=f", "/connz|e|f|");
    check_target("/connz?%4=b&e=f", "/connz|e|f|");
    check_target("/connz?a=b;c=d&e=f", "/connz|e|f|");
    check_target("/a%", "");
    check_target("/a%00", "");
    check_target("http://host:8222/varz?a=b", "/varz|a|b|");
    check_target("http://host", "|");
    check_target("*", "*|");
}

static void test_parameters(void **state) {
    (void)state;
    static const char target[] = "/connz\0a\0first\0a\0second\0\0nameless\0b\0";
    static const uint32_t n = sizeof target;
    assert_string_equal(http_parameter(target, n, "a"), "first");
    assert_string_equal(http_parameter(target, n, "b"), "");
    assert_string_equal(http_parameter(target, n, "c"), "");
    assert_string_equal(http_parameter(target, n, "first"), "");
    assert_string_equal(http_parameter(target, n, ""), "nameless");
    assert_string_equal(http_parameter("/", 2, "a"), "");
}

// Whatever comes, nothing is written outside the target's place.
static void test_chance(void **state) {
    (void)state;
    static const char alphabet[] = "GET /?&=%+;aH1.\r\n ";
    for (uint32_t round = 0; round < 200000; round++) {
        uint8_t place[TARGET_MAX + 16];
        memset(place, '#', sizeof place);
        struct http h = {0};
        static const char begin[] = "GET /?";
        static const char end[] = " HTTP/1.1\r\n\r\n";
        enum http_status status =
            http_read(&h, place, TARGET_MAX, (const uint8_t *)begin, sizeof begin - 1);
        for (uint32_t i = chance(80); i > 0 && status == HTTP_MORE; i--)
            status = http_read(&h, place, TARGET_MAX,
                               (const uint8_t *)&alphabet[chance(sizeof alphabet - 1)], 1);
        if (status == HTTP_MORE)
            status = http_read(&h, place, TARGET_MAX, (const uint8_t *)end, sizeof end - 1);
        if (status == HTTP_OK) {
            uint32_t n = http_parse(&h, place);
            assert_true(n <= h.target_bytes + 1u);
            if (n > 0)
                http_parameter((const char *)place, n, "a");
        }
        for (uint32_t i = TARGET_MAX; i < sizeof place; i++)
            assert_int_equal(place[i], '#');
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests),   cmocka_unit_test(test_head),
        cmocka_unit_test(test_lengths),    cmocka_unit_test(test_targets),
        cmocka_unit_test(test_parameters), cmocka_unit_test(test_chance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
