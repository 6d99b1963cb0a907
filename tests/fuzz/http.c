// A monitoring request, whole and cut to pieces as in parser.c: the same verdict. The broker's
// answer, taken in pieces too, is HTTP and its JSON is JSON.

#include <string.h>

#include "broker/core/http.h"
#include "broker/core/json.h"
#include "tests/fuzz/rig.h"

#define TARGET_MAX 240
#define ANSWER_MAX (1 << 16)

static struct midge broker;
static struct midge_config config;
static uint8_t answer[ANSWER_MAX];
static uint32_t answer_bytes;

static enum http_status read_in_pieces(struct feed input, struct feed lengths, struct http *h,
                                       uint8_t *target) {
    enum http_status status = HTTP_MORE;
    *h = (struct http){0};
    struct feed turns = lengths;
    while (status == HTTP_MORE && input.left > 0) {
        if (turns.left == 0)
            turns = lengths;
        uint32_t n = turns.left > 0 ? feed_byte(&turns) : (uint32_t)input.left;
        uint8_t *piece = feed_copy(&input, &n);
        status = http_read(h, target, TARGET_MAX, piece, n);
        free(piece);
    }
    return status;
}

static void read_request(struct feed input, struct feed lengths) {
    struct http whole, cut;
    uint8_t *target = malloc(TARGET_MAX), *other = malloc(TARGET_MAX);
    enum http_status status = read_in_pieces(input, (struct feed){0}, &whole, target);
    MUST(status == read_in_pieces(input, lengths, &cut, other));
    if (status == HTTP_OK) {
        MUST(whole.target_at == cut.target_at && whole.target_bytes == cut.target_bytes);
        MUST(memcmp(target + cut.target_at, other + cut.target_at, cut.target_bytes) == 0);
        MUST(whole.is_head == cut.is_head);
        uint32_t n = http_parse(&whole, target);
        MUST(n <= TARGET_MAX);
        if (n > 0)
            MUST(strlen(http_parameter((char *)target, n, "subs")) < n);
    }
    free(target);
    free(other);
}

static void say(midge_conn c, const char *text) {
    midge_rx(&broker, c, (const uint8_t *)text, (uint32_t)strlen(text));
}

// Clients whose names, subjects and queues need escapes, and one that has ended.
static void populate(void) {
    for (int i = 0; i < 4; i++) {
        midge_conn c = midge_open(&broker, MIDGE_CLIENT, NULL);
        say(c, "CONNECT {\"name\":\"a\\\"\\n\\u0001\xff\",\"lang\":\"c\\\\\",\"version\":\"1\"}\r\n"
               "SUB foo.\"\\.\xc3\xa9 1\r\nSUB foo.* q\"\x01 2\r\nPUB foo.a 2\r\nhi\r\n");
        if (i == 0)
            midge_closed(&broker, c, MIDGE_PEER_CLOSED);
    }
    rig_turn(&broker);
}

static bool head_has(const uint8_t *body, const char *text) {
    return memmem(answer, (size_t)(body - answer), text, strlen(text)) != NULL;
}

// Joins the chunks of a body, up to the last one, which ends the answer.
static void join_chunks(uint8_t *body) {
    uint8_t *to = body, *from = body;
    for (unsigned long n = 1; n > 0;) {
        char *digits_end;
        MUST(memchr(from, '\n', (size_t)(answer + answer_bytes - from)) != NULL);
        n = strtoul((char *)from, &digits_end, 16);
        from = (uint8_t *)digits_end + 2;
        MUST(from + n + 2 <= answer + answer_bytes && memcmp(from + n, "\r\n", 2) == 0);
        memmove(to, from, n);
        to += n;
        from += n + 2;
    }
    MUST(from == answer + answer_bytes);
    answer_bytes = (uint32_t)(to - answer);
}

// The answer is complete, or was refused or given up.
static void check_answer(void) {
    if (answer_bytes == 0)
        return;
    MUST(answer_bytes > 15 && memcmp(answer, "HTTP/1.1 ", 9) == 0);
    uint8_t *body = memmem(answer, answer_bytes, "\r\n\r\n", 4);
    MUST(body != NULL);
    body += 4;
    if (body == answer + answer_bytes)
        return;  // HEAD
    if (head_has(body, "\r\nTransfer-Encoding: chunked\r\n"))
        join_chunks(body);
    if (!head_has(body, "application/json"))
        return;
    struct json j = {.at = body, .end = answer + answer_bytes};
    struct json_piece key = {0}, value;
    MUST(json_enter(&j));
    while (json_member(&j, &key, &value))
        ;
    MUST(!j.bad && json_ended(&j));
}

static void ask(struct feed input, struct feed lengths) {
    rig_start(&broker, &config);
    populate();
    midge_conn c = midge_open(&broker, MIDGE_MONITOR, NULL);
    enum midge_wish wish;
    struct feed turns = lengths;
    bool open = true, flushed = false, aborted = false;
    answer_bytes = 0;
    while (input.left > 0) {
        uint32_t n = turns.left > 0 ? feed_byte(&turns) : (uint32_t)input.left;
        uint8_t *piece = feed_copy(&input, &n);
        if (midge_rx(&broker, c, piece, n) < 0)
            input.left = 0;
        free(piece);
    }
    turns = lengths;
    for (int turn = 0; turn < 10000 && open; turn++) {
        struct midge_now now = broker.now;
        now.us += 1000;
        now.ms++;
        midge_turn(&broker, now);
        bool asked = false;
        for (midge_conn who; (who = midge_next(&broker, &wish)) != MIDGE_NONE;) {
            asked = asked || who == c;
            flushed = flushed || (who == c && wish == MIDGE_WISH_CLOSE_AFTER_SEND);
            aborted = aborted || (who == c && wish == MIDGE_WISH_ABORT);
        }
        struct midge_span v;
        while (midge_tx(&broker, c, 0, &v, 1) > 0) {
            uint32_t n = turns.left > 0 ? feed_byte(&turns) + 1u : v.n;
            n = n < v.n ? n : v.n;
            MUST(n <= ANSWER_MAX - answer_bytes);
            memcpy(answer + answer_bytes, v.bytes, n);
            answer_bytes += n;
            midge_sent(&broker, c, n);
        }
        open = !flushed && (asked || broker.connections[midge_slot(c)].monitor.endpoint != 0);
    }
    if (!aborted && !open)
        check_answer();
    midge_closed(&broker, c, MIDGE_PEER_CLOSED);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
    if (config.text_bytes == 0)
        rig_configure(&config, "server_name: \"a\\\"b\", http: 8222, "
                               "authorization: {users: [{user: u, password: p}]}, no_auth_user: u");
    size_t pieces = 0;
    while (pieces < n && bytes[pieces] != 0)
        pieces++;
    struct feed lengths = {bytes, pieces};
    struct feed input = {bytes + pieces, n - pieces};
    feed_byte(&input);
    read_request(input, lengths);
    ask(input, lengths);
    return 0;
}
