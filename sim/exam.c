#include "sim/exam.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sim/actor.h"
#include "sim/cable.h"
#include "sim/world.h"

// What the words of a question are made of.
struct sitting {
    struct world *w;
    struct actor *a;
    struct exam *e;
    struct dice *d;
    const struct midge_config *config;
    char subject[64];  // of this examiner alone
    char sid[40];
};

// ---- Asking -------------------------------------------------------------------------------------

static void ask_bytes(struct exam *e, const void *bytes, uint32_t n) {
    if (n > 0)
        memcpy(e->question + e->asked, bytes, n);
    e->asked += n;
}

static void ask(struct exam *e, const char *format, ...) {
    va_list values;
    va_start(values, format);
    e->asked += (uint32_t)vsnprintf(e->question + e->asked, EXAM_BYTES - e->asked, format, values);
    va_end(values);
}

static uint32_t owed(const struct exam *e) {
    return e->answers > 0 ? e->ends[e->answers - 1] : 0;
}

static void owe(struct exam *e, const char *format, ...) {
    uint32_t from = owed(e);
    va_list values;
    va_start(values, format);
    e->ends[e->answers++] =
        from + (uint32_t)vsnprintf(e->due + from, EXAM_BYTES - from, format, values);
    va_end(values);
}

// More of the answer owed last.
static void owe_more(struct exam *e, const void *bytes, uint32_t n) {
    memcpy(e->due + owed(e), bytes, n);
    e->ends[e->answers - 1] += n;
}

static void owe_ok(struct exam *e) {
    if (e->verbose)
        owe(e, "+OK\r\n");
}

// The connection ends by this, and what follows is not heard.
static void owe_end(struct sitting *s, int reason) {
    s->e->reason = (uint8_t)reason;
    if (dice_once_in(s->d, 2))
        ask(s->e, "PING\r\nSUB %s.late 1\r\n", s->subject);
}

// One of several ways to write something.
#define EITHER(s, ways) ((ways)[dice_below((s)->d, sizeof(ways) / sizeof((ways)[0]))])

// So many letters, as part of a word.
static const char *letters(struct sitting *s, uint32_t n) {
    static char text[MIDGE_CONTROL_LINE_MAX + 64];
    for (uint32_t i = 0; i < n; i++)
        text[i] = (char)('a' + dice_below(s->d, 26));
    text[n] = '\0';
    return text;
}

static void new_sid(struct sitting *s) {
    uint32_t n = dice_once_in(s->d, 3) ? dice_between(s->d, 6, 36) : dice_between(s->d, 1, 3);
    snprintf(s->sid, sizeof s->sid, "%.*s", (int)n, letters(s, n));
}

// Where there are users it may publish to all but answers that nobody asked for, which is not to
// what is no subject.
static bool is_withheld(const struct sitting *s, const char *subject) {
    uint32_t n = (uint32_t)strlen(subject);
    bool hollow = strstr(subject, "..") != NULL || subject[n - 1] == '.';
    return s->w->swarm.users && hollow;
}

// ---- Subscribing and publishing -----------------------------------------------------------------

// A verb in some case, words behind blanks (those that are empty left out), and a line end.
static void ask_line(struct sitting *s, const char *verb, const char *const words[4]) {
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

static void ask_sub(struct sitting *s, const char *subject) {
    static const char *const queues[] = {"q", "a-queue-with-a-name-of-its-own"};
    const char *queue = dice_once_in(s->d, 4) ? EITHER(s, queues) : "";
    ask_line(s, "SUB", (const char *const[4]){subject, queue, s->sid});
    owe_ok(s->e);
}

static void ask_unsub(struct sitting *s, uint32_t max) {
    char digits[16] = "";
    if (max > 0)
        snprintf(digits, sizeof digits, "%u", max);
    ask_line(s, "UNSUB", (const char *const[4]){s->sid, digits});
    owe_ok(s->e);
}

// A payload of n bytes, of which a header takes so many.
static const uint8_t *body_of(struct sitting *s, uint32_t header, uint32_t n) {
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
static void owe_message(struct sitting *s, const char *subject, const char *reply, const char *verb,
                        const char *sizes, const uint8_t *body, uint32_t n) {
    owe(s->e, "%s %s %s %s%s%s\r\n", verb, subject, s->sid, reply, *reply != '\0' ? " " : "",
        sizes);
    owe_more(s->e, body, n);
    owe_more(s->e, "\r\n", 2);
    s->e->received++;
    s->e->received_bytes += n;
}

// The payload of a publication that the broker takes, and its line end.
static void ask_body(struct sitting *s, const uint8_t *body, uint32_t n) {
    ask_bytes(s->e, body, n);
    ask(s->e, "\r\n");
    s->e->published++;
    s->e->published_bytes += n;
}

// A publication, which the present subscription receives `times` times.
static void ask_pub(struct sitting *s, const char *subject, const char *reply, uint32_t n,
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

static void ask_hpub(struct sitting *s, const char *subject, const char *reply, uint32_t header,
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

// ---- Questions ----------------------------------------------------------------------------------

// Sizes of payloads, those at the limit too, and those that with a line end fill blocks.
static uint32_t some_size(struct sitting *s) {
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

static const char *some_reply(struct sitting *s) {
    static char reply[96];
    // It subscribes nothing there, so that nobody is told of a want of responders.
    snprintf(reply, sizeof reply, "answers.%.20s", letters(s, dice_between(s->d, 1, 20)));
    return dice_once_in(s->d, 3) ? reply : "";
}

static void ping(struct sitting *s) {
    static const char *const pings[] = {"PING\r\n", "ping\r\n", "PING\n", "PiNg \r\n",
                                        "PING and more\r\n"};
    static const char *const silent[] = {
        "+OK\r\n",     "+ok\r\n",       "PONG\r\n",          "pong\n",
        "INFO {}\r\n", "INFO null\r\n", "info {\"a\":[1]}\n"};
    ask(s->e, "%s", EITHER(s, pings));
    owe(s->e, "PONG\r\n");
    if (s->e->async)
        s->e->infos_due = 2;
    if (dice_once_in(s->d, 2))
        ask(s->e, "%s", EITHER(s, silent));
}

static void publications(struct sitting *s) {
    new_sid(s);
    ask_sub(s, s->subject);
    uint32_t count = dice_between(s->d, 1, 5);
    for (; count > 0 && s->e->asked < EXAM_SIZE_MAX && owed(s->e) < EXAM_SIZE_MAX; count--) {
        uint32_t n = some_size(s);
        const char *reply = some_reply(s);
        if (s->e->headers && dice_once_in(s->d, 3))
            ask_hpub(s, s->subject, reply, dice_below(s->d, n + 1), n);
        else
            ask_pub(s, s->subject, reply, n, 1);
    }
    ask_unsub(s, 0);
    ask_pub(s, s->subject, "", 1, 0);
}

// One line many times, as publishers write it, with other payloads; the last may end wrongly.
static void repeats(struct sitting *s) {
    char line[160], sizes[16];
    uint32_t n = some_size(s) % 64, times = dice_between(s->d, 2, 12);
    bool reply = dice_once_in(s->d, 4), broken = dice_once_in(s->d, 4);
    snprintf(sizes, sizeof sizes, "%u", n);
    snprintf(line, sizeof line, "PUB %s %s%u\r\n", s->subject, reply ? "answers.a " : "", n);
    new_sid(s);
    ask_sub(s, s->subject);
    for (; times > 0; times--) {
        const uint8_t *body = body_of(s, 0, n);
        ask(s->e, "%s", line);
        if (times == 1 && broken) {
            ask_bytes(s->e, body, n);
            ask(s->e, "%s", dice_once_in(s->d, 2) ? "\n\n" : "\r\r");
            owe(s->e, "-ERR 'Unknown Protocol Operation'\r\n");
            owe_end(s, MIDGE_PROTOCOL_VIOLATION);
            return;
        }
        ask_body(s, body, n);
        owe_ok(s->e);
        if (s->e->echo)
            owe_message(s, s->subject, reply ? "answers.a" : "", "MSG", sizes, body, n);
    }
    ask_unsub(s, 0);
}

// A subject to which nobody listens any more, asked again and again where an answer to each comes:
// what was matched is remembered meanwhile, and so is the answer's subject.
static void requests(struct sitting *s) {
    struct exam *e = s->e;
    if (!e->no_responders || !e->echo || e->verbose || e->pedantic || s->w->swarm.hostile > 0)
        return;
    char head[256];
    uint32_t reply = dice_below(s->d, 1000);
    ask(e, "SUB %s.keeps k\r\nSUB %s p\r\nSUB %s.r.%u r\r\n", s->subject, s->subject, s->subject,
        reply);
    strcpy(s->sid, "p");
    for (uint32_t i = 0; i < 3; i++) {
        ask(e, "PUB %s 2\r\n", s->subject);
        ask_body(s, (const uint8_t *)"ab", 2);
        owe_message(s, s->subject, "", "MSG", "2", (const uint8_t *)"ab", 2);
    }
    ask(e, "UNSUB p\r\n");
    snprintf(head, sizeof head, "NATS/1.0 503\r\nNats-Subject: %s\r\n\r\n", s->subject);
    uint32_t bytes = (uint32_t)strlen(head);
    for (uint32_t i = 0; i < 6; i++) {
        ask(e, "PUB %s %s.r.%u 2\r\n", s->subject, s->subject, reply);
        ask_body(s, (const uint8_t *)"ab", 2);
        owe(e, "HMSG %s.r.%u r %u %u\r\n%s\r\n", s->subject, reply, bytes, bytes, head);
    }
    ask(e, "UNSUB r\r\nUNSUB k\r\n");
}

// A subscription that ends by itself, before or after it is told to.
static void counted(struct sitting *s) {
    uint32_t max = dice_between(s->d, 1, 4), before = dice_below(s->d, 4);
    new_sid(s);
    ask_sub(s, s->subject);
    for (uint32_t i = 0; i < before; i++)
        ask_pub(s, s->subject, "", 3, 1);
    ask_unsub(s, max);
    uint32_t had = s->e->echo ? before : 0;
    for (uint32_t i = had; i < max + 2; i++)
        ask_pub(s, s->subject, "", 5, i < max);
    ask_unsub(s, 0);
}

// Line ends within a line: a CR parts words, and so does an LF that comes first of all.
static void bare_ends(struct sitting *s) {
    new_sid(s);
    ask(s->e, dice_once_in(s->d, 2) ? "SUB %s\r%s\r\n" : "SUB \n%s %s\r\n", s->subject, s->sid);
    owe_ok(s->e);
    ask_pub(s, s->subject, "", 6, 1);
    ask(s->e, dice_once_in(s->d, 2) ? "UNSUB %s\r1\r\n" : "UNSUB \n%s\r\n", s->sid);
    owe_ok(s->e);
    ask_pub(s, s->subject, "", 6, 0);
    ask_unsub(s, 0);
}

// The same sid again is a subscription that stands.
static void repeated(struct sitting *s) {
    char other[80];
    snprintf(other, sizeof other, "%s.other", s->subject);
    new_sid(s);
    ask_sub(s, s->subject);
    ask_sub(s, other);
    ask_pub(s, other, "", 2, 0);
    ask_pub(s, s->subject, "", 2, 1);
    ask_unsub(s, 0);
    ask_unsub(s, 0);
    ask_sub(s, other);
    ask_pub(s, other, "", 2, 1);
    ask_pub(s, s->subject, "", 2, 0);
    ask_unsub(s, 0);
}

// Subjects of many tokens, or long ones, and patterns for them.
static void patterns(struct sitting *s) {
    static const struct {
        const char *pattern, *subject;
        bool matches;
    } cases[] = {
        {".*", ".a", true},
        {".>", ".a", true},
        {".>", "", false},
        {".*", "", false},
        {".*", ".a.b", false},
        {".>", ".a.b.c.d.e.f.g.h.i.j", true},
        {".>", ".a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.u.v", true},
        {".>", ".a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.u.v.w.x.y.z.a", true},
        {".*.b", ".a.b", true},
        {".*.b", ".a.c", false},
        {".*.*.>", ".a.b", false},
        {".*.*.>", ".a.b.c", true},
        {".a.>", ".b.c", false},
        {".*.>", ".sensors.of-the-house", true},
        {".a*", ".a*", true},
        {".a*", ".ab", false},
        {".>a", ".>a", true},
        {".>", ".*", true},
        {".*", ".>", true},
        {".a.b.c.d.e", ".a.b.c.d.e", true},
        {".a.b.c.d.e", ".a.b.c.d.f", false},
        {".a.b.c.d.e", ".a.b.c.d", false},
        {".a.b.c.d.e", ".a.b.c.d.e.f", false},
        {".>", ".a.", false},
        {".>", "..a", false},
        {".*.b", "..b", false},
        {".12345678", ".12345678", true},
        {".12345678", ".12345679", false},
        {".12345678", ".1234567", false},
        {".caf\xc3\xa9", ".caf\xc3\xa9", true},
        {".\xc3\xa9t\xc3\xa9.a", ".\xc3\xa9t\xc3\xa9.a", true},
        {".caf\xc3\xa9", ".caf\xc3)", false},
        {".1234567\xff", ".1234567\xff", true},
        {".123456789", ".12345678", false},
        {".a-token-that-is-longer-than-a-cell-of-text-is",
         ".a-token-that-is-longer-than-a-cell-of-text-is", true},
        {".a-token-that-is-longer-than-a-cell-of-text-is",
         ".a-token-that-is-longer-than-a-cell-of-text-it", false},
    };
    if (s->e->pedantic)
        return;
    uint32_t i = dice_below(s->d, sizeof cases / sizeof cases[0]);
    char pattern[128], subject[128];
    snprintf(pattern, sizeof pattern, "%s%s", s->subject, cases[i].pattern);
    snprintf(subject, sizeof subject, "%s%s", s->subject, cases[i].subject);
    if (is_withheld(s, subject))
        return;
    new_sid(s);
    ask_sub(s, pattern);
    for (uint32_t k = dice_between(s->d, 1, 4); k > 0; k--) {
        const char *reply = some_reply(s);
        ask_pub(s, subject, reply, some_size(s) % 300, cases[i].matches);
    }
    ask_unsub(s, 0);
}

// More patterns than matches of several messages have room for. Whose order is nobody's business,
// so this is for who does not hear itself.
static void broad(struct sitting *s) {
    static const char *const tokens[] = {"a", "*"};
    struct exam *e = s->e;
    if (e->echo || e->verbose || e->pedantic || s->config->max_subscriptions < 22)
        return;
    for (uint32_t i = 0; i < 22; i++)
        ask(e, "SUB %s.%s.%s.%s.%s b%u\r\n", s->subject, tokens[i & 1], tokens[i >> 1 & 1],
            tokens[i >> 2 & 1], i < 16 ? tokens[i >> 3 & 1] : ">", i);
    for (uint32_t i = 0; i < 5; i++) {
        ask(e, "PUB %s.a.a.a.a 0\r\n", s->subject);
        ask_body(s, NULL, 0);
    }
    for (uint32_t i = 0; i < 22; i++)
        ask(e, "UNSUB b%u\r\n", i);
}

// Subjects of many tokens one after another, for all of which together there is no room.
static void deep(struct sitting *s) {
    struct exam *e = s->e;
    char subject[128];
    if (e->verbose || e->pedantic)
        return;
    new_sid(s);
    ask_sub(s, s->subject);
    ask_unsub(s, 0);
    ask(e, "SUB %s.> %s\r\n", s->subject, s->sid);
    for (uint32_t i = 0; i < 5; i++) {
        snprintf(subject, sizeof subject, "%s.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.u.v.%u",
                 s->subject, i);
        ask(e, "PUB %s 2\r\n", subject);
        ask_body(s, (const uint8_t *)"ab", 2);
        if (e->echo)
            owe_message(s, subject, "", "MSG", "2", (const uint8_t *)"ab", 2);
    }
    ask(e, "UNSUB %s\r\n", s->sid);
}

// Two subjects that differ in a byte, one of which is matched again and again.
static void twins(struct sitting *s) {
    struct exam *e = s->e;
    char one[64], other[64];
    uint32_t n = dice_between(s->d, 1, 30);
    snprintf(one, sizeof one, "t.%.30s.%u", letters(s, n), e->session);
    strcpy(other, one);
    other[2 + dice_below(s->d, n)] ^= 0x20;
    new_sid(s);
    ask_sub(s, one);
    for (uint32_t i = dice_between(s->d, 2, 5); i > 0; i--)
        ask_pub(s, one, "", 4, 1);
    for (uint32_t i = dice_between(s->d, 1, 3); i > 0; i--)
        ask_pub(s, other, "", 4, 0);
    ask_pub(s, one, "", 4, 1);
    ask_unsub(s, 0);
}

// A subscription that is refused, and changes nothing.
static void refused(struct sitting *s) {
    new_sid(s);
    static const char *const subjects[] = {"..a", ".", ".a.", ".a..b", ".>.a", ".>.>"};
    ask(s->e, "SUB %s%s %s\r\n", s->subject, EITHER(s, subjects), s->sid);
    owe(s->e, "-ERR 'Invalid Subject'\r\n");
    ask_unsub(s, 0);
}

// What is the servers' own, and what only looks like it.
static void reserved(struct sitting *s) {
    static const char *const subjects[] = {"$NRG.", "$NRG.a", "$GR.a",  "_GR_.a", "$GR.",  "_GR_.",
                                           "$NRG",  "$GRx.a", "_GR_x.", "$NR.a",  "_GR_.."};
    static const char *const replies[] = {"_R_.",     "_R_.a", "$JS.ACK.a", "_GR_.a", "$GR.a",
                                          "$JS.ACK.", "_GR_.", "$GR.",      "_R_a",   "$JS.ACKa"};
    bool by_reply = dice_once_in(s->d, 2);
    uint32_t i = dice_below(s->d, by_reply ? 10 : 11);
    bool theirs = i < (by_reply ? 5 : 4) || (!by_reply && i == 10);
    const char *what = by_reply ? replies[i] : subjects[i];
    // It may have been asked for an answer there.
    if (s->e->pedantic || (!by_reply && is_withheld(s, what)))
        return;
    new_sid(s);
    ask_sub(s, s->subject);
    if (by_reply)
        ask(s->e, "PUB %s %s 3\r\n", s->subject, what);
    else
        ask(s->e, "PUB %s 3\r\n", what);
    ask_body(s, (const uint8_t *)"abc", 3);
    if (theirs) {
        owe(s->e, "-ERR 'Permissions Violation for Publish %s\"%s\"'\r\n",
            by_reply ? "with Reply of " : "to ", what);
    } else {
        owe_ok(s->e);
        if (by_reply && s->e->echo)
            owe_message(s, s->subject, what, "MSG", "3", (const uint8_t *)"abc", 3);
    }
    ask_unsub(s, 0);
}

// Where it may not publish by itself, it may answer who has asked it, so often.
static void responses(struct sitting *s) {
    struct exam *e = s->e;
    const struct swarm *swarm = &s->w->swarm;
    if (!swarm->users || swarm->reload > 0 || !e->echo || e->pedantic)
        return;
    char reply[64];
    snprintf(reply, sizeof reply, "answers.%u.%u", e->session, dice_below(s->d, 1000000));
    bool asked = false;
    new_sid(s);
    ask_sub(s, s->subject);
    for (uint32_t sent = 0; sent <= RESPONSES; sent += asked) {
        if (!asked && dice_once_in(s->d, 2)) {
            ask_pub(s, s->subject, reply, 2, 1);
            asked = true;
        }
        ask(e, "PUB %s 1\r\n", reply);
        ask_body(s, (const uint8_t *)"a", 1);
        if (asked && sent < RESPONSES)
            owe_ok(e);
        else
            owe(e, "-ERR 'Permissions Violation for Publish to \"%s\"'\r\n", reply);
        if (!asked && e->answers > 20)
            break;
    }
    ask_unsub(s, 0);
}

// A queue that nobody may join, one that only looks like it, and a subject of too many tokens.
static void forbidden(struct sitting *s) {
    new_sid(s);
    if (dice_once_in(s->d, 3)) {
        ask(s->e, "SUB %s %s %s\r\n", s->subject, dice_once_in(s->d, 2) ? "_sys_x" : "_sys",
            s->sid);
        owe_ok(s->e);
        ask_pub(s, s->subject, "", 3, 1);
    } else {
        ask(s->e, "SUB %s _sys_ %s\r\n", s->subject, s->sid);
        owe(s->e,
            "-ERR 'Permissions Violation for Subscription to \"%s\" using queue \"_sys_\"'\r\n",
            s->subject);
        ask_pub(s, s->subject, "", 3, 0);
    }
    ask_unsub(s, 0);
}

// As many tokens as a subject may have, or one more.
static void tokens(struct sitting *s) {
    uint32_t told = s->config->max_sub_tokens;
    uint32_t most = told > 0 ? told : MIDGE_TOKENS_MAX;
    bool over = dice_once_in(s->d, 2);
    char subject[128];
    uint32_t n = (uint32_t)snprintf(subject, sizeof subject, "%s", s->subject);
    for (uint32_t i = 2; i < most + (uint32_t)over; i++)
        n += (uint32_t)snprintf(subject + n, sizeof subject - n, ".%u", i);
    new_sid(s);
    if (!over) {
        ask_sub(s, subject);
        ask_pub(s, subject, "", 4, 1);
    } else {
        const char *queue = told > 0 && dice_once_in(s->d, 2) ? "q " : "";
        ask(s->e, "SUB %s %s%s\r\n", subject, queue, s->sid);
        if (told > 0)
            owe(s->e,
                "-ERR 'Permissions Violation for Subscription to \"%s\", too many tokens'\r\n",
                subject);
        else
            owe(s->e, "-ERR 'maximum subscriptions exceeded'\r\n");
        ask_pub(s, subject, "", 4, 0);
    }
    ask_unsub(s, 0);
}

// As many subscriptions as a client may have, and one more.
static void subscriptions(struct sitting *s) {
    uint32_t most = s->config->max_subscriptions;
    for (uint32_t i = 0; i <= most; i++) {
        ask(s->e, "SUB %s.%u s%u\r\n", s->subject, i % 3, i);
        if (i < most)
            owe_ok(s->e);
    }
    owe(s->e, "-ERR 'maximum subscriptions exceeded'\r\n");
    for (uint32_t i = 0; i < most; i++)
        ask(s->e, "UNSUB s%u\r\n", i);
    for (uint32_t i = 0; i < most; i++)
        owe_ok(s->e);
}

// A control line of the greatest length, or one byte more.
static void control_line(struct sitting *s) {
    bool over = dice_once_in(s->d, 2);
    uint32_t n = s->config->max_control_line + over;
    uint32_t kind = dice_below(s->d, 3);
    char subject[MIDGE_CONTROL_LINE_MAX + 8];
    uint32_t rest = kind == 0 ? 2 : kind == 1 ? 5 : 3;  // what follows the subject
    uint32_t word = (uint32_t)snprintf(subject, sizeof subject, "%s.", s->subject);
    strcpy(subject + word, letters(s, n - rest - word));
    const char *end = dice_once_in(s->d, 2) ? "\r\n" : "\n";
    if (kind == 0)
        ask(s->e, "PUB %s 0%s", subject, end);
    else if (kind == 1)
        ask(s->e, "SUB %s long%s", subject, end);
    else
        ask(s->e, "UNSUB %s 11%s", subject, end);
    if (over) {
        owe(s->e, "-ERR 'maximum control line exceeded'\r\n");
        owe_end(s, MIDGE_MAX_CONTROL_LINE);
        return;
    }
    if (kind == 0)
        ask_body(s, NULL, 0);
    owe_ok(s->e);
    strcpy(s->sid, "long");
    if (kind == 1) {
        // A message of all that may stand on a line, which must be passed on.
        subject[n - rest - 40] = '\0';
        ask_unsub(s, 0);
        strcpy(s->sid, "l");
        ask(s->e, "SUB %s l\r\n", subject);
        owe_ok(s->e);
        ask_pub(s, subject, "", 16, 1);
        ask_unsub(s, 0);
    }
}

// A payload of the greatest size, or one byte more.
static void payload(struct sitting *s) {
    uint32_t most = s->config->max_payload;
    bool over = most > EXAM_SIZE_MAX || dice_once_in(s->d, 2);
    if (over) {
        ask(s->e, "PUB %s %u\r\n", s->subject, most + 1);
        if (most < EXAM_SIZE_MAX) {
            ask_bytes(s->e, body_of(s, 0, most + 1), most + 1);
            ask(s->e, "\r\n");
        }
        owe(s->e, "-ERR 'Maximum Payload Violation'\r\n");
        owe_end(s, MIDGE_MAX_PAYLOAD);
    } else {
        ask_pub(s, s->subject, "", most, 0);
    }
}

// All that may wait for a client, or one byte more.
static void pending(struct sitting *s) {
    const struct cable *c = &s->w->cables[s->a->cable - 1];
    bool over = dice_once_in(s->d, 2);
    uint32_t whole = s->config->max_pending + over;
    strcpy(s->sid, "p");
    char line[128];
    uint32_t head = (uint32_t)snprintf(line, sizeof line, "MSG %s p 0000\r\n", s->subject) + 2;
    if (s->w->swarm.reload > 0 || s->e->verbose || !s->e->echo ||
        whole - head > s->config->max_payload || whole > 9000 || c->down.taken < c->down.written)
        return;
    const uint8_t *body = body_of(s, 0, whole - head);
    ask(s->e, "SUB %s p\r\nPUB %s %04u\r\n", s->subject, s->subject, whole - head);
    ask_body(s, body, whole - head);
    if (over) {
        s->e->reason = MIDGE_SLOW_PENDING;
        return;
    }
    snprintf(line, sizeof line, "%04u", whole - head);
    owe_message(s, s->subject, "", "MSG", line, body, whole - head);
    ask(s->e, "UNSUB p\r\n");
}

// What a pedantic client is told.
static void pedantry(struct sitting *s) {
    if (!s->e->pedantic || s->w->swarm.users)
        return;
    static const char *const subjects[] = {"*", ">", "a..b", "a.", ">.a"};
    ask(s->e, "PUB %s.%s 2\r\n", s->subject, EITHER(s, subjects));
    ask_body(s, (const uint8_t *)"ab", 2);
    owe(s->e, "-ERR 'Invalid Publish Subject'\r\n");
    owe_ok(s->e);
}

// Nobody listens, and who asked is told so.
static void no_responders(struct sitting *s) {
    if (!s->e->no_responders || s->w->swarm.hostile > 0)
        return;
    new_sid(s);
    ask(s->e, "SUB %s.*.r %s\r\n", s->subject, s->sid);
    owe_ok(s->e);
    uint32_t n = dice_below(s->d, s->config->max_payload < 40 ? s->config->max_payload + 1 : 40);
    char head[256];
    // An answer may be for a subject of one byte.
    if (dice_once_in(s->d, 2)) {
        ask(s->e, "SUB z 9\r\nPUB %s.nobody z 0\r\n\r\nUNSUB 9\r\n", s->subject);
        s->e->published++;
        owe_ok(s->e);
        owe_ok(s->e);
        snprintf(head, sizeof head, "NATS/1.0 503\r\nNats-Subject: %s.nobody\r\n\r\n", s->subject);
        owe(s->e, "HMSG z 9 %u %u\r\n%s\r\n", (uint32_t)strlen(head), (uint32_t)strlen(head), head);
        owe_ok(s->e);
    }
    ask(s->e, "PUB %s.nobody %s.x.r %u\r\n", s->subject, s->subject, n);
    ask_body(s, body_of(s, 0, n), n);
    owe_ok(s->e);
    snprintf(head, sizeof head, "NATS/1.0 503\r\nNats-Subject: %s.nobody\r\n\r\n", s->subject);
    uint32_t bytes = (uint32_t)strlen(head);
    owe(s->e, "HMSG %s.x.r %s %u %u\r\n%s\r\n", s->subject, s->sid, bytes, bytes, head);
    // Where somebody does, or the answer is for another, there is nothing to tell.
    ask(s->e, "PUB %s.nobody %s.other 0\r\n", s->subject, s->subject);
    ask_body(s, NULL, 0);
    ask(s->e, "UNSUB %s\r\n", s->sid);
    owe_ok(s->e);
    owe_ok(s->e);
    ask(s->e, "PUB %s.nobody %s.x.r 0\r\n", s->subject, s->subject);
    ask_body(s, NULL, 0);
    owe_ok(s->e);
}

// ---- Mistakes that cost the connection ----------------------------------------------------------

static void breach(struct sitting *s) {
    static const char *const lines[] = {
        "SUB %s\r\n",      "SUB %s a b c\r\n", "UNSUB  \r\n",
        "UNSUB 1 2 3\r\n", "PUB %s\r\n",       "PUB %s a b 1\r\n",
        "PUB %s -1\r\n",   "PUB %s 1a\r\n",    "PUB %s 0000000001\r\n",
        "PUB %s a 9:\r\n", "PUB %s /1\r\n",    "INFO {\r\n",
        "INFO 1\r\n",      "SUB \r\n",         "PUB  \t\r\n",
    };
    static const char *const with_header[] = {
        "HPUB %s 1\r\n",    "HPUB %s 2 1\r\n",  "HPUB %s a b 1 2\r\n",
        "HPUB %s -1 2\r\n", "HPUB %s 1 -2\r\n", "HPUB %s 1 0000000002\r\n",
    };
    if (s->e->headers && dice_once_in(s->d, 3))
        ask(s->e, EITHER(s, with_header), s->subject);
    else
        ask(s->e, EITHER(s, lines), s->subject);
    owe_end(s, MIDGE_PROTOCOL_VIOLATION);
}

static void unknown(struct sitting *s) {
    static const char *const lines[] = {
        "FOO\r\n",
        "PUSH\r\n",
        "PO\r\n",
        "SUBS\r\n",
        "UNSUBX\r\n",
        "HPU\r\n",
        " PING\r\n",
        "\r\n",
        "PUBX\r\n",
        "GET / HTTP/1.1\r\n",
        "-ER\r\n",
        "-ERR'x'\r\n",
        "+O\r\n",
        "MSG a 1 0\r\n\r\n",
        "A-VERB-THAT-IS-LONGER-THAN-WHAT-THE-LOG-SHOWS-OF-IT\r\n",
    };
    static const char *const ends[] = {"\n\r", "\r\r", "x\n", "\n\n", "\rx"};
    if (dice_once_in(s->d, 3)) {
        // The end of a payload is not where it was said to be.
        uint32_t n = some_size(s);
        ask(s->e, "PUB %s %u\r\n", s->subject, n);
        ask_bytes(s->e, body_of(s, 0, n), n);
        ask(s->e, "%s", EITHER(s, ends));
    } else {
        ask(s->e, "%s", EITHER(s, lines));
    }
    owe(s->e, "-ERR 'Unknown Protocol Operation'\r\n");
    owe_end(s, MIDGE_PROTOCOL_VIOLATION);
}

static void client_error(struct sitting *s) {
    static const char *const lines[] = {"-ERR 'no'\r\n", "-err \t 'x'\r\n", "-ERR x\n"};
    ask(s->e, "%s", EITHER(s, lines));
    owe_end(s, MIDGE_PARSE_ERROR);
}

static void headers(struct sitting *s) {
    if (s->e->headers)
        return;
    ask(s->e, "HPUB %s 12 12\r\nNATS/1.0\r\n\r\n\r\n", s->subject);
    owe_end(s, MIDGE_PROTOCOL_VIOLATION);
}

// ---- A sitting ----------------------------------------------------------------------------------

static void introduce(struct sitting *s) {
    static const char *const truth[] = {"false", "true"};
    struct exam *e = s->e;
    e->verbose = dice_once_in(s->d, 3);
    e->echo = !dice_once_in(s->d, 5);
    e->headers = !dice_once_in(s->d, 3);
    e->pedantic = dice_once_in(s->d, 4);
    e->no_responders = e->headers && dice_once_in(s->d, 2);
    e->introduced = true;
    e->infos_due = 1;
    e->async = dice_once_in(s->d, 2);
    ask(e,
        "CONNECT {\"verbose\":%s,\"echo\":%s,\"headers\":%s,\"pedantic\":%s,"
        "\"no_responders\":%s,\"protocol\":%u%s}\r\n",
        truth[e->verbose], truth[e->echo], truth[e->headers], truth[e->pedantic],
        truth[e->no_responders], e->async,
        s->w->swarm.users ? ",\"user\":\"examiner\",\"pass\":\"every right\"" : "");
    owe_ok(e);
}

static void question(struct sitting *s) {
    static void (*const questions[])(struct sitting *) = {
        ping,         publications, publications, counted,   deep,     twins,
        bare_ends,    repeats,      requests,     responses, broad,    repeats,
        repeated,     patterns,     patterns,     refused,   tokens,   subscriptions,
        control_line, payload,      pending,      pedantry,  pending,  no_responders,
        breach,       unknown,      client_error, headers,   reserved, forbidden,
    };
    EITHER(s, questions)(s);
}

void exam_act(struct world *w, struct actor *a, struct cable *c) {
    struct exam *e = &a->exam;
    struct sitting s = {.w = w, .a = a, .e = e, .d = &w->dice};
    s.config = w->sites[a->site].m.config;
    if (!e->greeted || e->reason != 0 || e->read < owed(e) ||
        c->up.written - c->up.taken + EXAM_BYTES > PIPE_BYTES)
        return;
    if (w->quiet && e->introduced)
        return;
    e->asked = e->answer = e->answers = e->read = 0;
    if (!e->introduced)
        e->session = ++w->next_id;
    // What an earlier connection has left on its way is not of this one.
    snprintf(s.subject, sizeof s.subject, "exam.%u", e->session);
    if (!e->introduced)
        introduce(&s);
    else
        question(&s);
    cable_write(&c->up, (const uint8_t *)e->question, e->asked);
    cable_flow(w, c, &c->up);
}

// ---- Answers ------------------------------------------------------------------------------------

// Where pools are scarce a client may be refused, or cut off, at any time; and time may have come
// for it, or it was one too many, which was seen to when the broker said so.
static bool is_excused(const struct world *w, const struct actor *a) {
    uint8_t by = a->cable > 0 ? w->cables[a->cable - 1].ended_by : 0;
    return w->sites[a->site].scarce || by == MIDGE_MAX_CONNECTIONS || by == MIDGE_AUTH_TIMEOUT ||
           by == MIDGE_STALE;
}

static void act_soon(struct world *w, const struct actor *a) {
    agenda_plan(&w->agenda, SLOT_ACTOR + (uint32_t)(a - w->actors), w->now_us + 1);
}

static void give_up(struct world *w, struct actor *a, const char *why) {
    if (!is_excused(w, a))
        world_fail(w, why);
    a->exam.lost = true;
    act_soon(w, a);
}

// A line that the broker says by itself, between two answers. PING and PONG begin alike.
static void read_aside(struct world *w, struct actor *a, char b) {
    struct exam *e = &a->exam;
    if (e->aside < sizeof e->line)
        e->line[e->aside] = b;
    e->aside++;
    if (e->aside == 2 && b == 'O' && owed(e) - e->read >= 2 &&
        memcmp(e->due + e->read, "PO", 2) == 0) {
        e->read += 2;
        e->aside = 0;
    }
    if (b != '\n')
        return;
    struct cable *c = &w->cables[a->cable - 1];
    if (memcmp(e->line, "INFO {", 6) == 0) {
        if (!e->greeted)
            act_soon(w, a);
        e->greeted = true;
        if (++e->infos > (e->introduced ? e->infos_due : 1))
            world_fail(w, "an INFO that nobody owes");
    } else if (memcmp(e->line, "PING\r\n", 6) == 0) {
        if (c->up.written - c->up.taken + 6 <= PIPE_BYTES)
            cable_write(&c->up, (const uint8_t *)"PONG\r\n", 6);
    } else {
        give_up(w, a, "a line that no question is answered by");
    }
    e->aside = 0;
    cable_flow(w, c, &c->up);
}

void exam_read(struct world *w, struct actor *a, const uint8_t *bytes, uint32_t n) {
    struct exam *e = &a->exam;
    for (uint32_t i = 0; i < n && !e->lost; i++) {
        char b = (char)bytes[i];
        bool between = e->answer == 0 ? e->read == 0 : e->read == e->ends[e->answer - 1];
        bool due = e->read < owed(e) && e->due[e->read] == b;
        if (e->aside > 0 || (between && (b == 'I' || b == 'P' || (b == '-' && !due)))) {
            read_aside(w, a, b);
        } else if (due) {
            if (++e->read == e->ends[e->answer])
                e->answer++;
        } else {
            give_up(w, a, "an answer that is not the right one");
        }
    }
}

bool exam_ends(const struct actor *a, int reason) {
    return a->exam.reason == reason;
}

const char *exam_counts(const struct actor *a, const struct conn *conn) {
    const struct exam *e = &a->exam;
    if (conn->in_msgs != e->published || conn->in_bytes != e->published_bytes)
        return "what an examiner has published";
    return conn->out_msgs != e->received || conn->out_bytes != e->received_bytes
               ? "what an examiner has received"
               : NULL;
}

void exam_ended(struct world *w, struct actor *a, struct cable *c) {
    const struct exam *e = &a->exam;
    if (e->reason != 0 && e->read < owed(e) && !c->cut && !is_excused(w, a))
        world_fail(w, "a last answer is missing");
}

const char *exam_settle(const struct actor *a) {
    const struct exam *e = &a->exam;
    if (e->lost)
        return NULL;
    if (e->reason != 0)
        return "a client was not cut off";
    if (e->infos < e->infos_due)
        return "an INFO is missing";
    return e->read < owed(e) ? "an answer is missing" : NULL;
}
