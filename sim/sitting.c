#include "sim/sitting.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sim/world.h"

// ---- Asking -------------------------------------------------------------------------------------

void ask_bytes(struct exam *e, const void *bytes, uint32_t n) {
    if (n > 0)
        memcpy(e->question + e->asked, bytes, n);
    e->asked += n;
}

void ask(struct exam *e, const char *format, ...) {
    va_list values;
    va_start(values, format);
    e->asked += (uint32_t)vsnprintf(e->question + e->asked, EXAM_BYTES - e->asked, format, values);
    va_end(values);
}

uint32_t owed(const struct exam *e) {
    return e->answers > 0 ? e->ends[e->answers - 1] : 0;
}

void owe(struct exam *e, const char *format, ...) {
    uint32_t from = owed(e);
    va_list values;
    va_start(values, format);
    e->ends[e->answers++] =
        from + (uint32_t)vsnprintf(e->due + from, EXAM_BYTES - from, format, values);
    va_end(values);
}

// More of the answer owed last.
void owe_more(struct exam *e, const void *bytes, uint32_t n) {
    memcpy(e->due + owed(e), bytes, n);
    e->ends[e->answers - 1] += n;
}

void owe_ok(struct exam *e) {
    if (e->verbose)
        owe(e, "+OK\r\n");
}

// The connection ends by this, and what follows is not heard.
void owe_end(struct sitting *s, int reason) {
    s->e->reason = (uint8_t)reason;
    if (dice_once_in(s->d, 2))
        ask(s->e, "PING\r\nSUB %s.late 1\r\n", s->subject);
}

// So many letters, as part of a word.
const char *letters(struct sitting *s, uint32_t n) {
    static char text[MIDGE_CONTROL_LINE_MAX + 64];
    for (uint32_t i = 0; i < n; i++)
        text[i] = (char)('a' + dice_below(s->d, 26));
    text[n] = '\0';
    return text;
}

void new_sid(struct sitting *s) {
    uint32_t n = dice_once_in(s->d, 3) ? dice_between(s->d, 6, 36) : dice_between(s->d, 1, 3);
    snprintf(s->sid, sizeof s->sid, "%.*s", (int)n, letters(s, n));
}

// Where there are users it may publish to all but answers that nobody asked for, which is not to
// what is no subject.
bool is_withheld(const struct sitting *s, const char *subject) {
    uint32_t n = (uint32_t)strlen(subject);
    bool hollow = strstr(subject, "..") != NULL || subject[n - 1] == '.';
    return s->w->swarm.users && hollow;
}

// ---- Subscribing and publishing -----------------------------------------------------------------

// A verb in some case, words behind blanks (those that are empty left out), and a line end.
void ask_line(struct sitting *s, const char *verb, const char *const words[4]) {
    static const char *const blanks[] = {"  ", "\t", " \t ", "        "};
    static const char *const ends[] = {"\n", " \r\n", "\t\r\n", "  \n"};
    bool lower = dice_once_in(s->d, 4);
    for (; *verb != '\0'; verb++)
        ask(s->e, "%c", lower || dice_once_in(s->d, 16) ? *verb | 0x20 : *verb);
    for (uint32_t i = 0; i < 4; i++) {
        if (words[i] != NULL && *words[i] != '\0')
            ask(s->e, "%s%s", dice_once_in(s->d, 2) ? " " : EITHER(s, blanks), words[i]);
    }
    ask(s->e, "%s", dice_once_in(s->d, 4) ? EITHER(s, ends) : "\r\n");
}

void ask_sub(struct sitting *s, const char *subject) {
    static const char *const queues[] = {"q", "a-queue-with-a-name-of-its-own"};
    const char *queue = dice_once_in(s->d, 4) ? EITHER(s, queues) : "";
    ask_line(s, "SUB", (const char *const[4]){subject, queue, s->sid});
    owe_ok(s->e);
}

void ask_unsub(struct sitting *s, uint32_t max) {
    char digits[16] = "";
    if (max > 0)
        snprintf(digits, sizeof digits, "%u", max);
    ask_line(s, "UNSUB", (const char *const[4]){s->sid, digits});
    owe_ok(s->e);
}

// A payload of n bytes, of which a header takes so many.
const uint8_t *body_of(struct sitting *s, uint32_t header, uint32_t n) {
    static uint8_t body[EXAM_BYTES];
    uint32_t from = dice_below(s->d, PIPE_BYTES);
    memcpy(body, s->w->filler + from, n);
    if (header >= 12) {
        memset(body, 'h', header);
        memcpy(body, "NATS/1.0\r\n", 10);
        memcpy(body + header - 2, "\r\n", 2);
    }
    return body;
}

// The present subscription gets a message; `sizes` as they were written.
void owe_message(struct sitting *s, const char *subject, const char *reply, const char *verb,
                 const char *sizes, const uint8_t *body, uint32_t n) {
    owe(s->e, "%s %s %s %s%s%s\r\n", verb, subject, s->sid, reply, *reply != '\0' ? " " : "",
        sizes);
    owe_more(s->e, body, n);
    owe_more(s->e, "\r\n", 2);
    s->e->received++;
    s->e->received_bytes += n;
}

// The payload of a publication that the broker takes, and its line end.
void ask_body(struct sitting *s, const uint8_t *body, uint32_t n) {
    ask_bytes(s->e, body, n);
    ask(s->e, "\r\n");
    s->e->published++;
    s->e->published_bytes += n;
}

// A publication, which the present subscription receives `times` times.
void ask_pub(struct sitting *s, const char *subject, const char *reply, uint32_t n,
             uint32_t times) {
    static const char *const formats[] = {"%u", "%u", "%u", "%04u", "%09u"};
    struct exam *e = s->e;
    const uint8_t *body = body_of(s, 0, n);
    char sizes[16];
    snprintf(sizes, sizeof sizes, formats[dice_below(s->d, 5)], n);
    if (dice_once_in(s->d, 2))
        ask(e, "PUB %s %s%s%s\r\n", subject, reply, *reply != '\0' ? " " : "", sizes);
    else
        ask_line(s, "PUB", (const char *const[4]){subject, reply, sizes});
    ask_body(s, body, n);
    owe_ok(e);
    for (; e->echo && times > 0; times--)
        owe_message(s, subject, reply, "MSG", sizes, body, n);
}

void ask_hpub(struct sitting *s, const char *subject, const char *reply, uint32_t header,
              uint32_t n) {
    struct exam *e = s->e;
    const uint8_t *body = body_of(s, header, n);
    char sizes[32], whole[16];
    snprintf(sizes, sizeof sizes, "%u", header);
    snprintf(whole, sizeof whole, "%u", n);
    ask_line(s, "HPUB", (const char *const[4]){subject, reply, sizes, whole});
    ask_body(s, body, n);
    owe_ok(e);
    snprintf(sizes, sizeof sizes, "%u %u", header, n);
    if (e->echo)
        owe_message(s, subject, reply, header > 0 ? "HMSG" : "MSG", header > 0 ? sizes : whole,
                    body, n);
}

// Sizes of payloads, those at the limit too, and those that with a line end fill blocks.
uint32_t some_size(struct sitting *s) {
    uint32_t most = s->config->max_payload < EXAM_SIZE_MAX ? s->config->max_payload : EXAM_SIZE_MAX;
    uint32_t room = s->config->limits.block_bytes - (uint32_t)BLOCK_HEADER_BYTES;
    uint32_t roll = dice_below(s->d, 10);
    if (roll == 0 || (roll < 3 && most < room))
        return most;
    if (roll < 3) {
        uint32_t blocks = dice_between(s->d, 1, most / room);
        return blocks * room - dice_between(s->d, 1, 3);
    }
    return roll < 8 ? dice_below(s->d, most < 40 ? most + 1 : 40) : dice_below(s->d, most + 1);
}

const char *some_reply(struct sitting *s) {
    static char reply[96];
    // It subscribes nothing there, so that nobody is told of a want of responders.
    snprintf(reply, sizeof reply, "answers.%.20s", letters(s, dice_between(s->d, 1, 20)));
    return dice_once_in(s->d, 3) ? reply : "";
}
