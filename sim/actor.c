#include "sim/actor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/cable.h"
#include "sim/scraper.h"
#include "sim/world.h"

#define HEADER "NATS/1.0\r\nA: b\r\n\r\n"
#define HEADER_BYTES ((uint32_t)sizeof HEADER - 1)
#define LINE_BYTES 512

static uint32_t number_of(const struct world *w, const struct actor *a) {
    return (uint32_t)(a - w->actors);
}

static void plan(struct world *w, const struct actor *a, uint32_t in_us) {
    agenda_plan(&w->agenda, SLOT_ACTOR + number_of(w, a), w->now_us + 1 + in_us);
}

// ---- What it writes -----------------------------------------------------------------------------

struct speech {
    uint32_t n;
    char bytes[LINE_BYTES];
};

static void add_bytes(struct speech *t, const char *bytes, uint32_t n) {
    memcpy(t->bytes + t->n, bytes, n);
    t->n += n;
}

static void add(struct speech *t, const char *text) {
    add_bytes(t, text, (uint32_t)strlen(text));
}

static void add_number(struct speech *t, uint32_t number) {
    char digits[10];
    uint32_t n = 0;
    do
        digits[sizeof digits - ++n] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    add_bytes(t, digits + sizeof digits - n, n);
}

static void add_sid(struct speech *t, uint32_t sid) {
    add_bytes(t, (char[]){(char)('0' + sid / 10), (char)('0' + sid % 10)}, 2);
}

// Whether a command can be sent now, and after it answers to pings.
static bool has_room(const struct cable *c, uint32_t n) {
    return c->ledger.orders_count + 8 < ORDERS_MAX &&
           c->up.written - c->up.taken + n + LINE_BYTES <= PIPE_BYTES;
}

// Sends a command, of which the ledger will hear when the broker has it.
static void order(struct world *w, struct cable *c, const struct speech *line, const void *body,
                  uint32_t body_bytes, struct order o) {
    struct ledger *l = &c->ledger;
    cable_write(&c->up, (const uint8_t *)line->bytes, line->n);
    if (body != NULL) {
        cable_write(&c->up, body, body_bytes);
        cable_write(&c->up, (const uint8_t *)"\r\n", 2);
    }
    o.end = c->up.written;
    o.id = ++w->next_id;
    l->orders[(l->orders_first + l->orders_count++) % ORDERS_MAX] = o;
    cable_flow(w, c, &c->up);
}

static void say_ok_later(struct actor *a) {
    a->oks += a->verbose;
}

static void subscribe(struct world *w, struct actor *a, struct cable *c, uint32_t sid,
                      uint32_t pattern) {
    struct speech t = {0};
    uint32_t queue = sid > 0 && dice_below(&w->dice, 100) < w->swarm.queues
                         ? dice_between(&w->dice, 1, QUEUES_MAX)
                         : 0;
    add(&t, "SUB ");
    add_bytes(&t, w->subjects.pattern[pattern].text, w->subjects.pattern[pattern].bytes);
    if (queue > 0)
        add(&t, (const char *[]){" q1", " q2", " workers", " a-group-with-a-long-name"}[queue - 1]);
    add(&t, " ");
    add_sid(&t, sid);
    add(&t, "\r\n");
    say_ok_later(a);
    order(w, c, &t, NULL, 0,
          (struct order){.verb = ORDER_SUB,
                         .sid = (uint8_t)sid,
                         .subject = (uint8_t)pattern,
                         .queue = (uint8_t)queue});
}

static void unsubscribe(struct world *w, struct actor *a, struct cable *c, uint32_t sid) {
    struct speech t = {0};
    const struct subscription *s = &c->ledger.subscriptions[sid];
    // Where strangers publish, how often a subscription was served is not known here; nor which
    // member of a group was.
    bool counted = w->swarm.hostile == 0 && s->queue == 0;
    uint32_t max = counted && dice_once_in(&w->dice, 3) ? dice_between(&w->dice, 1, 20) : 0;
    add(&t, "UNSUB ");
    add_sid(&t, sid);
    if (max > 0) {
        add(&t, " ");
        add_number(&t, max);
    }
    add(&t, "\r\n");
    say_ok_later(a);
    order(w, c, &t, NULL, 0,
          (struct order){.verb = ORDER_UNSUB, .sid = (uint8_t)sid, .max = (uint16_t)max});
}

static void publish(struct world *w, struct actor *a, struct cable *c, uint32_t subject,
                    bool request) {
    struct dice *d = &w->dice;
    struct speech t = {0};
    static uint8_t body[PIPE_BYTES];
    bool header = a->headers && w->swarm.payload_max >= 2 * HEADER_BYTES && dice_once_in(d, 4);
    uint32_t header_bytes = header ? HEADER_BYTES : 0;
    uint32_t reply = request ? SUBJECTS_COMMON + number_of(w, a) + 1 : 0;
    uint32_t n = dice_once_in(d, w->swarm.siege ? 2 : 16)
                     ? w->swarm.payload_max
                     : dice_around(d, w->swarm.payload_max / 16);
    // Some fill blocks to the last byte, but one, or with one more.
    uint32_t room = w->swarm.block_bytes - (uint32_t)BLOCK_HEADER_BYTES;
    if (w->swarm.payload_max > room && dice_once_in(d, 8))
        n = room * dice_between(d, 1, w->swarm.payload_max / room) - dice_between(d, 1, 3);
    n = n < 4 + header_bytes       ? 4 + header_bytes
        : n > w->swarm.payload_max ? w->swarm.payload_max
                                   : n;
    add(&t, header ? "HPUB " : "PUB ");
    add_bytes(&t, w->subjects.subject[subject].text, w->subjects.subject[subject].bytes);
    add(&t, " ");
    if (reply > 0) {
        add_bytes(&t, w->subjects.subject[reply - 1].text, w->subjects.subject[reply - 1].bytes);
        add(&t, " ");
    }
    if (header) {
        add_number(&t, header_bytes);
        add(&t, " ");
        memcpy(body, HEADER, HEADER_BYTES);
    }
    add_number(&t, n);
    add(&t, "\r\n");
    if (!has_room(c, t.n + n + 2))
        return;
    memcpy(body + header_bytes, ledger_filler(w, w->next_id + 1), n - header_bytes);
    say_ok_later(a);
    order(w, c, &t, body, n,
          (struct order){.verb = ORDER_PUB,
                         .subject = (uint8_t)subject,
                         .reply = (uint8_t)reply,
                         .header_bytes = (uint8_t)header_bytes,
                         .bytes = (uint16_t)n});
}

static void ping(struct world *w, struct cable *c) {
    struct speech t = {0};
    add(&t, "PING\r\n");
    order(w, c, &t, NULL, 0, (struct order){.verb = ORDER_PING});
}

static void introduce(struct world *w, struct actor *a, struct cable *c) {
    struct dice *d = &w->dice;
    struct speech t = {0};
    a->verbose = w->swarm.verbose && dice_once_in(d, 2);
    a->echo = !dice_once_in(d, 4);
    a->headers = !dice_once_in(d, 3);
    a->no_responders = a->headers && dice_once_in(d, 2);
    a->greeted = true;
    a->oks = 0;
    struct manners *m = &c->manners;
    *m = (struct manners){.verbose = a->verbose,
                          .echo = a->echo,
                          .headers = a->headers,
                          .no_responders = a->no_responders,
                          .async_info = true};
    struct courtesy said[8] = {{"pedantic", "false"}, {"protocol", "1"}, {"verbose", ""},
                               {"echo", ""},          {"headers", ""},   {"no_responders", ""},
                               {"user", ""},          {"pass", ""}};
    const bool truths[] = {a->verbose, a->echo, a->headers, a->no_responders};
    for (uint32_t i = 0; i < 4; i++)
        strcpy(said[2 + i].value, truths[i] ? "true" : "false");
    uint32_t user = 0;
    const struct rights *rights = &w->sites[a->site].rights;
    bool named = rights->users > 0;
    c->ledger.impostor |= named && !w->swarm.clean && dice_once_in(d, 30);
    if (named) {
        user = dice_below(d, rights->users);
        bool token = rights->door == DOOR_TOKEN;
        said[6].key = token ? "jwt" : "user";
        said[7].key = token ? "auth_token" : "pass";
        snprintf(m->login, sizeof m->login, token ? "[REDACTED]" : "u%u", user);
        snprintf(said[6].value, sizeof said[6].value, "\"u%u\"", user);
        // What is wrong differs from what is right, or has more behind it.
        const char *wrong = dice_once_in(d, 2) ? "\"secrets%u\"" : "\"secret %ux\"";
        snprintf(said[7].value, sizeof said[7].value, c->ledger.impostor ? wrong : "\"secret %u\"",
                 rights->user[user].secret);
    }
    struct words line = {0};
    greeting_write(d, &line, said, named ? 8 : 6, m);
    add_bytes(&t, line.text, line.n);
    say_ok_later(a);
    order(w, c, &t, NULL, 0,
          (struct order){.verb = ORDER_CONNECT,
                         .sid = (uint8_t)user,
                         .queue = (uint8_t)(named ? 1 + rights->door : 0),
                         .max = (uint16_t)rights->user[user].secret,
                         .bytes = (uint16_t)(a->echo | a->headers << 1 | a->no_responders << 2)});
    if (w->swarm.request > 0)
        subscribe(w, a, c, 0, SUBJECTS_COMMON + number_of(w, a));
}

// ---- Who means harm -----------------------------------------------------------------------------

// Bytes that follow the protocol, or nearly, or not at all. Nobody else's subjects are touched,
// except where a fuzzer finds the words.
static void attack(struct world *w, struct cable *c) {
    static const char *const lines[] = {
        "PUB hostile.a 5\r\nhello\r\n",
        "PUB hostile.a 5\r\nhello, and more than was said\r\n",
        "PUB hostile.a 99999999\r\n",
        "PUB hostile.a -1\r\n",
        "HPUB hostile.b 12 12\r\nNATS/1.0\r\n\r\n\r\n",
        "HPUB hostile.b 13 12\r\n",
        "SUB hostile.> 1\r\n",
        "SUB hostile.>.x 1\r\n",
        "SUB > 7\r\n",
        "SUB hostile.*.*.*.*.*.*.*.*.*.*.*.* 2\r\n",
        "UNSUB 1\r\nUNSUB 99\r\nUNSUB\r\n",
        "CONNECT {\"verbose\":tru",
        "CONNECT {\"verbose\":false,\"user\":\"x\",\"pass\":\"\\u0041\"}\r\n",
        "CONNECT []\r\n",
        "PING\r\nPING\r\nPONG\r\nPONG\r\n",
        "+OK\r\n",
        "-ERR 'no'\r\n",
        "INFO {}\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "\r\n\r\n",
    };
    struct dice *d = &w->dice;
    uint8_t noise[256];
    const char *line = lines[dice_below(d, sizeof lines / sizeof lines[0])];
    struct speech begun = {0};
    // A payload that begins holds the blocks for all of it, and may never end.
    if (dice_once_in(d, 8)) {
        add(&begun, "PUB hostile.c ");
        add_number(&begun, dice_between(d, 1, w->swarm.payload_max));
        add(&begun, "\r\nbegun");
        begun.bytes[begun.n] = '\0';
        line = begun.bytes;
    }
    uint32_t n = (uint32_t)strlen(line);
    if (dice_once_in(d, 4))
        n = dice_below(d, n + 1);
    if (!has_room(c, n + sizeof noise))
        return;
    cable_write(&c->up, (const uint8_t *)line, n);
    if (dice_once_in(d, w->swarm.wild ? 2 : 10)) {
        n = dice_below(d, sizeof noise);
        for (uint32_t i = 0; i < n; i++)
            noise[i] = dice_byte(d);
        cable_write(&c->up, noise, n);
    }
    cable_flow(w, c, &c->up);
}

// ---- What it reads ------------------------------------------------------------------------------

static void must(struct world *w, const char *wrong) {
    if (wrong != NULL)
        world_fail(w, wrong);
}

static bool begins(const char *line, uint32_t n, const char *text) {
    size_t length = strlen(text);
    return n >= length && memcmp(line, text, length) == 0;
}

static uint32_t number_in(const char *text, uint32_t n) {
    uint32_t number = 0;
    for (uint32_t i = 0; i < n; i++)
        number = number * 10 + (uint32_t)(text[i] - '0');
    return number;
}

// Whether a subject can only be one that a hostile client has put together.
static bool is_strange(const struct world *w, const char *subject, uint32_t n) {
    if (w->swarm.hostile == 0)
        return false;
    for (uint32_t i = 0; i < SUBJECTS_MAX; i++) {
        const struct subject *s = &w->subjects.subject[i];
        if (s->bytes == n && memcmp(s->text, subject, n) == 0)
            return false;
    }
    return true;
}

#define WORDS_OF_MESSAGE 6

// Answers the length of a message of which the line is given, or 0 where not all of it is there.
static uint32_t read_message(struct world *w, struct cable *c, const uint8_t *at, uint32_t line,
                             uint32_t left) {
    struct actor *a = &w->actors[c->actor];
    const char *words[WORDS_OF_MESSAGE + 1];
    uint32_t bytes[WORDS_OF_MESSAGE + 1];
    uint32_t count = 0;
    for (uint32_t i = 0; i < line - 2 && count <= WORDS_OF_MESSAGE; count++) {
        const uint8_t *end = memchr(at + i, ' ', line - 2 - i);
        words[count] = (const char *)at + i;
        bytes[count] = end != NULL ? (uint32_t)(end - at) - i : line - 2 - i;
        i += bytes[count] + 1;
    }
    uint32_t header = at[0] == 'H';
    if (count != 4 + header && count != 5 + header)
        world_fail(w, "a malformed message");
    uint32_t payload = number_in(words[count - 1], bytes[count - 1]);
    if (left < line + payload + 2)
        return 0;
    if (memcmp(at + line + payload, "\r\n", 2) != 0)
        world_fail(w, "a message without its end");
    bool reply = count == 5 + header;
    struct reading r = {.kind = PROMISE_MESSAGE,
                        .subject = words[1],
                        .subject_bytes = bytes[1],
                        .sid = number_in(words[2], bytes[2]),
                        .reply = reply ? words[3] : NULL,
                        .reply_bytes = reply ? bytes[3] : 0,
                        .payload = at + line,
                        .bytes = payload,
                        .header_bytes = header ? number_in(words[count - 2], bytes[count - 2]) : 0};
    if (begins((const char *)r.payload, payload, "NATS/1.0 503"))
        r.kind = PROMISE_NOBODY;
    else
        chronicle_say(w, c, (const char *)at, line - 2), chronicle_show(w, c, at + line, payload);
    struct promise kept = {0};
    if (a->kind != ACTOR_HOSTILE && !is_strange(w, words[1], bytes[1])) {
        must(w, ledger_read(w, c, &r, &kept));
        w->delivered++;
        if (kept.reply > 0 && kept.kind == PROMISE_MESSAGE && a->due == 0) {
            a->due = kept.reply;
            plan(w, a, w->swarm.think_us / 4);
        }
    }
    return line + payload + 2;
}

// A line that is no message.
static void read_line(struct world *w, struct cable *c, const char *line, uint32_t n) {
    struct actor *a = &w->actors[c->actor];
    struct promise kept;
    chronicle_say(w, c, line, n - 2);
    if (begins(line, n, "INFO {")) {
        bool connected;
        must(w, greeting_info(w, c, line, n - 2, &connected));
        if (!a->greeted)
            plan(w, a, 0);
    } else if (begins(line, n, "PING\r")) {
        struct speech t = {0};
        add(&t, "PONG\r\n");
        if (c->ledger.orders_count < ORDERS_MAX)
            order(w, c, &t, NULL, 0, (struct order){.verb = ORDER_OTHER});
    } else if (a->kind == ACTOR_HOSTILE) {
        if (!begins(line, n, "PONG\r") && !begins(line, n, "+OK\r") && !begins(line, n, "-ERR '"))
            world_fail(w, "an unknown line");
    } else if (begins(line, n, "PONG\r")) {
        must(w, ledger_read(w, c, &(struct reading){.kind = PROMISE_PONG}, &kept));
    } else if (begins(line, n, "+OK\r")) {
        if (a->oks-- == 0)
            world_fail(w, "an +OK that nobody owes");
    } else if (begins(line, n, "-ERR 'maximum subscriptions exceeded'")) {
        a->oks -= a->verbose;
        must(w, ledger_read(w, c, &(struct reading){.kind = PROMISE_REFUSAL}, &kept));
    } else if (begins(line, n, "-ERR 'Permissions Violation for ")) {
        // Of a subscription that a reload withdraws the sid is named, and it was acknowledged.
        a->oks -= a->verbose && line[n - 4] != ')';
        must(w, ledger_read(w, c, &(struct reading){.kind = PROMISE_VIOLATION}, &kept));
    } else if (!begins(line, n, "-ERR '") || (!c->ending && c->far == FAR_OPEN)) {
        world_fail(w, "a line that nobody owes");
    }
}

void actor_read(struct world *w, struct cable *c, const uint8_t *bytes, uint32_t n) {
    struct actor *a = &w->actors[c->actor];
    if (c->kind == MIDGE_MONITOR)
        return;  // a scraper has heard what the site wrote
    if (a->kind == ACTOR_CALLER) {
        caller_read(w, a, c, bytes, n);
        return;
    }
    if (a->kind == ACTOR_EXAMINER) {
        exam_read(w, a, bytes, n);
        return;
    }
    if (a->input_bytes + n > sizeof a->input)
        world_fail(w, "a line or message without end");
    memcpy(a->input + a->input_bytes, bytes, n);
    a->input_bytes += n;
    uint32_t at = 0;
    while (at < a->input_bytes) {
        const uint8_t *from = a->input + at;
        uint32_t left = a->input_bytes - at;
        const uint8_t *lf = memchr(from, '\n', left);
        if (lf == NULL)
            break;
        uint32_t line = (uint32_t)(lf - from) + 1;
        if (line < 2 || lf[-1] != '\r')
            world_fail(w, "a line without its end");
        if (from[0] == 'M' || from[0] == 'H') {
            line = read_message(w, c, from, line, left);
            if (line == 0)
                break;
        } else {
            read_line(w, c, (const char *)from, line);
        }
        at += line;
    }
    a->input_bytes -= at;
    memmove(a->input, a->input + at, a->input_bytes);
}

// ---- What it does -------------------------------------------------------------------------------

static void leave(struct world *w, struct actor *a, enum leave how) {
    struct cable *c = &w->cables[a->cable - 1];
    a->cable = 0;
    a->due = 0;
    cable_leave(w, c, how);
    plan(w, a, w->swarm.think_us);
}

void actor_ended(struct world *w, struct cable *c) {
    struct actor *a = &w->actors[c->actor];
    if (a->kind == ACTOR_SCRAPER)
        scraper_ended(w, a, c);
    else if (a->kind == ACTOR_CALLER)
        caller_ended(w, a, c);
    else if (a->kind == ACTOR_EXAMINER)
        exam_ended(w, a, c);
    else if (a->input_bytes > 0 && !c->cut)
        world_fail(w, "the stream ended within a message");
    else if (c->awaits_end && c->dismissed && !c->cut && a->kind <= ACTOR_DEAF)
        world_fail(w, "a client was not told that it will have to go");
    a->cable = 0;
    a->due = 0;
    plan(w, a, w->swarm.think_us + dice_around(&w->dice, 1000000));
}

static void connect(struct world *w, struct actor *a) {
    struct cable *c = w->quiet ? NULL : cable_open(w, number_of(w, a));
    a->greeted = false;
    a->input_bytes = 0;
    a->answer = (struct answer){0};
    a->call = (struct call){0};
    greeting_begin(&a->call.manners);
    memset(&a->exam, 0, offsetof(struct exam, line));
    if (c != NULL)
        a->cable = (uint16_t)(c - w->cables + 1);
    // A client begins once it has read INFO; who asks for pages need not wait.
    if (!w->quiet && (c == NULL || a->kind == ACTOR_SCRAPER))
        plan(w, a, 1000000);
}

static void converse(struct world *w, struct actor *a, struct cable *c) {
    struct dice *d = &w->dice;
    const struct swarm *swarm = &w->swarm;
    if (!has_room(c, LINE_BYTES))
        return;
    if (a->due > 0) {
        publish(w, a, c, a->due - 1, false);
        a->due = 0;
    } else if (w->quiet) {
        return;
    } else if (dice_once_in(d, swarm->resubscribe)) {
        uint32_t sid = dice_between(d, 1, swarm->subscriptions);
        if (c->ledger.subscriptions[sid].active)
            unsubscribe(w, a, c, sid);
        else
            subscribe(w, a, c, sid, dice_below(d, w->subjects.patterns));
    } else if (dice_once_in(d, 16)) {
        ping(w, c);
    } else {
        uint32_t subject = dice_below(d, w->subjects.count);
        publish(w, a, c, subject, dice_once_in(d, swarm->request));
    }
}

void actor_act(struct world *w, struct actor *a) {
    struct dice *d = &w->dice;
    if (a->cable == 0) {
        connect(w, a);
        return;
    }
    struct cable *c = &w->cables[a->cable - 1];
    if (c->dead) {
        // It waits for an answer in vain, for a while.
        if (dice_once_in(d, 4))
            leave(w, a, LEAVE_SILENT);
        else
            plan(w, a, 1000000);
        return;
    }
    if (a->exam.lost) {
        leave(w, a, LEAVE_RESET);
        return;
    }
    if (!w->quiet) {
        plan(w, a, dice_around(d, w->swarm.think_us));
        if (dice_once_in(d, w->swarm.hang_up)) {
            leave(w, a, dice_once_in(d, 2) ? LEAVE_END : LEAVE_RESET);
            return;
        }
        if (dice_once_in(d, w->swarm.vanish)) {
            leave(w, a, LEAVE_SILENT);
            return;
        }
    }
    if (a->kind == ACTOR_SCRAPER)
        scraper_act(w, a, c);
    else if (a->kind == ACTOR_CALLER)
        caller_act(w, a, c);
    else if (a->kind == ACTOR_EXAMINER)
        exam_act(w, a, c);
    else if (a->kind == ACTOR_HOSTILE)
        attack(w, c);
    else if (!a->greeted)
        introduce(w, a, c);
    else
        converse(w, a, c);
}
