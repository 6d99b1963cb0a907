#include "sim/question.h"

#include <stdio.h>
#include <string.h>

#include "sim/actor.h"
#include "sim/breach.h"
#include "sim/sitting.h"
#include "sim/world.h"

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

void question_ask(struct sitting *s) {
    static void (*const questions[])(struct sitting *) = {
        ping,         publications, publications,     counted,       deep,     twins,
        bare_ends,    repeats,      requests,         responses,     broad,    repeats,
        repeated,     patterns,     patterns,         refused,       tokens,   subscriptions,
        control_line, payload,      pending,          pedantry,      pending,  no_responders,
        breach_line,  breach_verb,  breach_by_client, breach_header, reserved, forbidden,
    };
    EITHER(s, questions)(s);
}
