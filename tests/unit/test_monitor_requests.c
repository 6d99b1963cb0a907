// Requests of monitoring: what is refused and in which words, statuses, paths, health.

#include <stdio.h>

#include "tests/unit/monitor.h"

#include "broker/ops/parameter.h"

static void test_complaints(void **state) {
    (void)state;
    static const struct {
        const char *target, *text;
    } cases[] = {
        {"/connz?auth=x", "Error decoding boolean for 'auth': strconv.ParseBool: parsing \"x\": "
                          "invalid syntax"},
        {"/connz?subs=x", "Error decoding boolean for 'subs': strconv.ParseBool: parsing \"x\": "
                          "invalid syntax"},
        {"/subsz?subs=detail", "Error decoding boolean for 'subs': strconv.ParseBool: parsing "
                               "\"detail\": invalid syntax"},
        {"/connz?limit=1x",
         "Error decoding int for 'limit': strconv.Atoi: parsing \"1x\": invalid syntax"},
        {"/connz?offset=%22",
         "Error decoding int for 'offset': strconv.Atoi: parsing \"\\\"\": invalid syntax"},
        {"/subsz?limit=9223372036854775808",
         "Error decoding int for 'limit': strconv.Atoi: parsing "
         "\"9223372036854775808\": value out of range"},
        {"/connz?cid=-1",
         "Error decoding uint64 for 'cid': strconv.ParseUint: parsing \"-1\": invalid syntax"},
        {"/connz?state=foo", "Error decoding state for foo"},
        {"/connz?sort=foo", "invalid sorting option: foo"},
        {"/connz?sort=stop", "sort by stop only valid on closed connections"},
        {"/connz?sort=reason&state=any", "sort by reason only valid on closed connections"},
        {"/subsz?test=foo.%3E", "invalid test subject, must be valid publish subject: foo.>"},
        {"/accountz?acc=x", "Account x does not exist"},
        {"/jsz?streams=2",
         "Error decoding boolean for 'streams': strconv.ParseBool: parsing \"2\": "
         "invalid syntax"},
    };
    struct midge *m = broker_start(100, 4096);
    for (uint32_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(complaint_of(m, cases[i].target), cases[i].text);
    assert_int_equal(number_of(body_of(m, "/varz"), "/connz", 0), 9);
}

static void test_statuses(void **state) {
    (void)state;
    struct midge *m = broker_start(100, 128);
    static const struct {
        const char *request, *begins;
        bool closes;
    } cases[] = {
        {"GET /nope HTTP/1.1\r\n\r\n", "HTTP/1.1 404 Not Found\r\n", false},
        {"GET /varz/ HTTP/1.1\r\n\r\n", "HTTP/1.1 404 Not Found\r\n", false},
        {"GET * HTTP/1.1\r\n\r\n", "HTTP/1.1 404 Not Found\r\n", false},
        {"GET /%zz HTTP/1.1\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n", true},
        {"nonsense\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n", true},
        {"GET / HTTP/2.0\r\n\r\n", "HTTP/1.1 505 HTTP Version Not Supported\r\n", true},
        {"POST /healthz HTTP/1.1\r\ncontent-length: 2\r\n\r\nab", "HTTP/1.1 200 OK\r\n", true},
        {"POST /varz HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
         "HTTP/1.1 200 OK\r\n", true},
        {"POST /healthz HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\n", false},
        {"GET /varz HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK\r\n", true},
        {"GET /connz?sort=x HTTP/1.0\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n", true},
        {"GET /varz HTTP/1.1\r\nConnection: keep-alive\r\n\r\n", "HTTP/1.1 200 OK\r\n", false},
        {"GET /varz HTTP/1.1\r\nCONNECTION:Close\r\n\r\n", "HTTP/1.1 200 OK\r\n", true},
        {"GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n", "HTTP/1.1 200 OK\r\n", true},
    };
    for (uint32_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *text = exchange(m, cases[i].request, UINT32_MAX, UINT32_MAX);
        assert_memory_equal(text, cases[i].begins, strlen(cases[i].begins));
        assert_int_equal(got.closed, cases[i].closes);
    }
    char request[200] = "GET /";
    memset(request + 5, 'a', 150);
    const char *text = exchange(m, request, 1, 1);
    assert_memory_equal(text, "HTTP/1.1 414 URI Too Long\r\n", 27);
    text = exchange(m, "HEAD /varz HTTP/1.1\r\n\r\n", UINT32_MAX, UINT32_MAX);
    assert_memory_equal(text, "HTTP/1.1 200 OK\r\n", 17);
    assert_string_equal(strstr(text, "\r\n\r\n"), "\r\n\r\n");
    static const char *const wrong[] = {"/nope", "/connz?sort=x", "/%zz"};
    for (uint32_t i = 0; i < 3; i++) {
        char line[64];
        snprintf(line, sizeof line, "HEAD %s HTTP/1.1\r\n\r\n", wrong[i]);
        text = exchange(m, line, UINT32_MAX, UINT32_MAX);
        assert_memory_equal(text, "HTTP/1.1 40", 11);
        assert_string_equal(strstr(text, "\r\n\r\n"), "\r\n\r\n");
    }
    // The client asked for nothing more.
    assert_int_equal(m->open[MIDGE_MONITOR], 0);
    assert_int_equal(m->pools[POOL_blocks].used, 0);
}

#define ERROR "{\"status\":\"error\",\"error\":\""
#define DETAILS(type) "{\"status\":\"error\",\"errors\":[{\"type\":\"" type "\",\"error\":\""
#define NO_ACCOUNT "\\\"account\\\" must not be empty when checking stream health"
#define NO_STREAM "\\\"stream\\\" must not be empty when checking consumer health"
#define LEAVING "failed to be ready for connections after 1ms: server"

// What /healthz says of health that is not "ok", and its status.
static void assert_ill(struct midge *m, const char *query, const char *status, const char *says) {
    char request[128] = "GET /healthz";
    strcat(strcat(request, query), " HTTP/1.1\r\n\r\n");
    const char *text = exchange(m, request, UINT32_MAX, UINT32_MAX);
    assert_memory_equal(text, "HTTP/1.1 ", 9);
    assert_memory_equal(text + 9, status, strlen(status));
    assert_non_null(strstr(text, "\r\nContent-Type: application/json\r\n"));
    assert_string_equal(strstr(text, "\r\n\r\n") + 4, says);
}

// A hub that is about to go is not to be sent more clients; a stream or consumer that is asked
// after must be named whole.
static void test_health(void **state) {
    (void)state;
    struct midge *m = broker_start(100, 256);
    assert_string_equal(body_of(m, "/healthz"), "{\"status\":\"ok\"}");
    assert_string_equal(body_of(m, "/healthz?account=a&stream=s&consumer=c&details=1"),
                        "{\"status\":\"ok\"}");
    assert_ill(m, "?stream=s&consumer=c", "400 Bad Request", ERROR NO_ACCOUNT "\"}");
    assert_ill(m, "?consumer=c&account=a", "400 Bad Request", ERROR NO_STREAM "\"}");
    client(m, "CONNECT {}\r\n");
    midge_lame_duck(m);
    assert_ill(m, "?stream=s&details=true", "400 Bad Request",
               DETAILS("BAD_REQUEST") NO_ACCOUNT "\"}]}");
    assert_ill(m, "", "500 Internal Server Error", ERROR LEAVING "\"}");
    assert_ill(m, "?details=true", "500 Internal Server Error",
               DETAILS("CONNECTION") LEAVING "\"}]}");
}

static void test_base_path(void **state) {
    (void)state;
    struct midge *m = broker_start(100, 256);
    struct midge_config config = *m->config;
    m->config = &config;
    config.http_base_path = (midge_text)midge_config_add(&config, "/base/path", 10);
    assert_string_equal(body_of(m, "/base/path/healthz"), "{\"status\":\"ok\"}");
    assert_non_null(strstr(body_of(m, "/base/path"), "<a href=\"/base/path/varz\">"));
    assert_string_equal(body_of(m, "//base/path/healthz"), "{\"status\":\"ok\"}");
    static const char *const others[] = {"/", "/healthz", "/base/path/", "/base/pathhealthz",
                                         "/bas"};
    for (uint32_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        char request[64] = "GET ";
        strcat(strcat(request, others[i]), " HTTP/1.1\r\n\r\n");
        const char *text = exchange(m, request, UINT32_MAX, UINT32_MAX);
        assert_memory_equal(text, "HTTP/1.1 404", 12);
    }
    config.http_base_path = 0;
    const char *page = body_of(m, "/");
    assert_non_null(strstr(page, "<a href=\"/varz\">"));
    assert_int_equal(count_of(page, "<a href="), 10);
}

static void test_numbers(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool with_sign;
        uint64_t number;
        const char *wrong;
    } cases[] = {
        {"0", true, 0, NULL},
        {"007", true, 7, NULL},
        {"+5", true, 5, NULL},
        {"-5", true, 0, NULL},
        {"9223372036854775807", true, INT64_MAX, NULL},
        {"9223372036854775808", true, 0, "value out of range"},
        {"-9223372036854775808", true, 0, NULL},
        {"-9223372036854775809", true, 0, "value out of range"},
        {"18446744073709551615", false, UINT64_MAX, NULL},
        {"18446744073709551616", false, 0, "value out of range"},
        {"99999999999999999999999999", false, 0, "value out of range"},
        {"99999999999999999999999999x", false, 0, "invalid syntax"},
        {"", false, 0, "invalid syntax"},
        {"-", true, 0, "invalid syntax"},
        {"+1", false, 0, "invalid syntax"},
        {"1 ", false, 0, "invalid syntax"},
        {"0x1", false, 0, "invalid syntax"},
    };
    for (uint32_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t number = 1;
        const char *wrong = parameter_number(cases[i].text, cases[i].with_sign, &number);
        assert_int_equal(number, cases[i].number);
        assert_int_equal(wrong == NULL, cases[i].wrong == NULL);
        if (wrong != NULL)
            assert_string_equal(wrong, cases[i].wrong);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_complaints), cmocka_unit_test(test_statuses),
        cmocka_unit_test(test_health),     cmocka_unit_test(test_base_path),
        cmocka_unit_test(test_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
