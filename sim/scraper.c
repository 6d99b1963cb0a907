#include "sim/scraper.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/cable.h"
#include "sim/words.h"
#include "sim/world.h"

enum { IDLE, STATUS, HEADERS, BODY, CHUNK_SIZE, CHUNK, CHUNK_END, TO_END };

// ---- Questions ----------------------------------------------------------------------------------

// A request in the making: its target, and what of it is wrong.
struct request {
    struct dice *d;
    struct answer *a;
    struct words target;
    bool any;  // parameter so far
};

// Text of a target, some of it encoded.
static void encode(struct request *r, const char *text) {
    for (; *text != '\0'; text++) {
        bool plain = isalnum((unsigned char)*text) || strchr("-_.~/$", *text) != NULL;
        if (*text == ' ' && dice_once_in(r->d, 2))
            words_add(&r->target, "+");
        else if (!plain || dice_once_in(r->d, 24))
            words_add(&r->target, dice_once_in(r->d, 2) ? "%%%02x" : "%%%02X", (uint8_t)*text);
        else
            words_add(&r->target, "%c", *text);
    }
}

static void add(struct request *r, const char *name, const char *value) {
    words_add(&r->target, r->any ? "&" : "?");
    r->any = true;
    // What is malformed is passed over, and so is what has no value.
    static const char *const noise[] = {"x&",    "%zz=1&", "a;b=1&", "&",
                                        "subs&", "%=&",    "y=%f&",  "y=%&"};
    if (dice_once_in(r->d, 12))
        words_add(&r->target, "%s", noise[dice_below(r->d, 8)]);
    encode(r, name);
    words_add(&r->target, "=");
    encode(r, value);
    // Of a name that comes again the first value counts.
    if (dice_once_in(r->d, 24))
        words_add(&r->target, "&%s=other", name);
}

static void refuse(struct request *r, const char *format, const char *name, const char *value) {
    r->a->status = 400;
    if (r->a->complaint[0] == '\0')
        snprintf(r->a->complaint, sizeof r->a->complaint, format, name, value);
}

// Answers what was chosen: 0 or 1, or 2 for the other word.
static uint32_t add_switch(struct request *r, const char *name, const char *other) {
    static const char *const truths[] = {"0", "f", "F", "false", "False", "FALSE",
                                         "1", "t", "T", "true",  "True",  "TRUE"};
    static const char *const wrong[] = {"yes", "tRUE", "2", "de tail", "tru"};
    if (other != NULL && dice_once_in(r->d, 3)) {
        add(r, name, other);
        return 2;
    }
    if (dice_once_in(r->d, 12)) {
        const char *value = wrong[dice_below(r->d, 5)];
        add(r, name, value);
        refuse(r,
               "Error decoding boolean for '%s': strconv.ParseBool: parsing \"%s\": invalid syntax",
               name, value);
        return 0;
    }
    uint32_t which = dice_below(r->d, 12);
    add(r, name, truths[which]);
    return which >= 6;
}

static uint64_t add_number(struct request *r, const char *name, bool with_sign, uint32_t most) {
    static const struct {
        const char *value;
        bool range;
        char sign;  // only where there is one, or only where not
    } wrong[] = {{"x", false, 0},
                 {"1x", false, 0},
                 {"-", false, 0},
                 {"1.5", false, 0},
                 {"18446744073709551616", true, 0},
                 {"99999999999999999999", true, 0},
                 {"9223372036854775808", true, '+'},
                 {"-9223372036854775809", true, '+'},
                 {"-1", false, '-'},
                 {"+1", false, '-'}};
    char text[24];
    uint32_t which = dice_below(r->d, 10);
    char sign = wrong[which].sign;
    if (dice_once_in(r->d, 24) && (sign == 0 || sign == (with_sign ? '+' : '-'))) {
        add(r, name, wrong[which].value);
        char format[120];
        snprintf(format, sizeof format,
                 "Error decoding %s for '%%s': strconv.%s: parsing \"%%s\": %s",
                 with_sign ? "int" : "uint64", with_sign ? "Atoi" : "ParseUint",
                 wrong[which].range ? "value out of range" : "invalid syntax");
        refuse(r, format, name, wrong[which].value);
        return 0;
    }
    if (with_sign && dice_once_in(r->d, 16)) {
        add(r, name, dice_once_in(r->d, 2) ? "-5" : "-9223372036854775808");
        return 0;
    }
    uint64_t v = dice_below(r->d, most);
    if (dice_once_in(r->d, 16))
        v = dice_once_in(r->d, 2) ? (uint64_t)INT64_MAX : UINT32_MAX;
    snprintf(text, sizeof text, "%s%" PRIu64, with_sign && dice_once_in(r->d, 16) ? "+" : "", v);
    add(r, name, text);
    return v;
}

static void add_page(struct request *r) {
    struct question *q = &r->a->question;
    if (dice_once_in(r->d, 3))
        q->offset = add_number(r, "offset", true, 12);
    if (dice_once_in(r->d, 3))
        q->limit = add_number(r, "limit", true, 12);
}

static void add_account(struct request *r) {
    struct question *q = &r->a->question;
    if (!dice_once_in(r->d, 8))
        return;
    q->other_account = dice_once_in(r->d, 2);
    add(r, "acc", q->other_account ? "other" : "$G");
}

static void ask_connz(struct request *r) {
    static const char *const states[] = {"",       "open", "OPEN", "closed",
                                         "Closed", "any",  "all",  "ALL"};
    struct question *q = &r->a->question;
    // In the order in which they are checked.
    if (dice_once_in(r->d, 2))
        q->auth = add_switch(r, "auth", NULL);
    if (dice_once_in(r->d, 2)) {
        uint32_t which = add_switch(r, "subs", "detail");
        q->subs = which == 1;
        q->detail = which == 2;
    }
    add_page(r);
    if (dice_once_in(r->d, 6))
        q->cid = add_number(r, "cid", false, 40);
    q->open = true;
    if (dice_once_in(r->d, 2)) {
        uint32_t which = dice_below(r->d, 8);
        add(r, "state", states[which]);
        q->open = which < 3 || which > 4;
        q->closed = which > 2;
    } else if (dice_once_in(r->d, 24)) {
        add(r, "state", "a\tjar z");
        refuse(r, "Error decoding state for %s%s", "a\tjar z", "");
    }
    add_account(r);
    if (dice_once_in(r->d, 8)) {
        const char *form = dice_once_in(r->d, 4) ? "nobody" : "u%u";
        snprintf(q->user, sizeof q->user, form, dice_below(r->d, 4));
        add(r, "user", q->user);
    }
    if (dice_once_in(r->d, 24)) {
        add(r, "sort", "size");
        refuse(r, "invalid sorting option: %s%s", "size", "");
    } else if (dice_once_in(r->d, 2)) {
        q->sort = dice_below(r->d, INSPECTOR_SORTS);
        add(r, "sort", inspector_sorts[q->sort]);
        if (q->sort >= 13 && q->open)
            refuse(r, "sort by %s only valid on closed connections%s", inspector_sorts[q->sort],
                   "");
    }
}

static void ask_subsz(struct world *w, struct request *r) {
    struct question *q = &r->a->question;
    if (!dice_once_in(r->d, 3))
        q->subs = add_switch(r, "subs", NULL);
    add_page(r);
    add_account(r);
    if (dice_once_in(r->d, 24)) {
        add(r, "test", "a.*");
        refuse(r, "invalid test subject, must be valid publish subject: %s%s", "a.*", "");
    } else if (dice_once_in(r->d, 4)) {
        const struct subject *s = &w->subjects.subject[dice_below(r->d, w->subjects.count)];
        if (s->bytes < sizeof q->test)
            strcpy(q->test, s->text);
        add(r, "test", q->test);
    }
}

static void ask_healthz(struct request *r, const struct site *s) {
    static const char *const none[] = {"js-enabled", "js-enabled-only", "js-server-only",
                                       "js-meta-only"};
    // In the order in which they are checked.
    if (dice_once_in(r->d, 3))
        add_switch(r, none[dice_below(r->d, 4)], NULL);
    bool details = dice_once_in(r->d, 3) && add_switch(r, "details", NULL);
    bool stream = dice_once_in(r->d, 6), consumer = dice_once_in(r->d, 6);
    bool account = dice_once_in(r->d, 2);
    if (stream)
        add(r, "stream", "s");
    if (consumer)
        add(r, "consumer", "c");
    if (account)
        add(r, "account", "$G");
    const char *wrong =
        stream && !account    ? "\\\"account\\\" must not be empty when checking stream health"
        : consumer && !stream ? "\\\"stream\\\" must not be empty when checking consumer health"
                              : NULL;
    if (r->a->status != 200)
        return;
    const char *form =
        details ? "{\"status\":\"error\",\"errors\":[{\"type\":\"%s\",\"error\":\"%s\"}]}"
                : "{\"status\":\"error\",%.0s\"error\":\"%s\"}";
    if (wrong != NULL)
        refuse(r, form, "BAD_REQUEST", wrong);
    else if (s->m.lame_duck)
        refuse(r, form, "CONNECTION", "failed to be ready for connections after 1ms: server");
    else
        strcpy(r->a->complaint, "{\"status\":\"ok\"}");
    r->a->status = wrong != NULL ? 400 : s->m.lame_duck ? 500 : 200;
}

static void ask_others(struct request *r) {
    static const char *const truths[] = {"subs", "accs", "streams", "raft", "config", "consumers"};
    struct question *q = &r->a->question;
    const char *name = truths[dice_below(r->d, 6)];
    uint32_t numbers = dice_below(r->d, 8);
    if (q->page == PAGE_ACCSTATZ && dice_once_in(r->d, 2))
        q->unused = add_switch(r, "unused", NULL);
    else if (q->page == PAGE_JSZ && numbers < 2)
        add_number(r, numbers == 0 ? "offset" : "limit", true, 9);
    else if (q->page == PAGE_JSZ && name[0] != 's' && name[0] != 'a')
        add_switch(r, name, NULL);
    else if (q->page == PAGE_LEAFZ && numbers < 4)
        add_switch(r, "subs", NULL);
    else if ((q->page == PAGE_ROUTEZ || q->page == PAGE_GATEWAYZ) && numbers < 4)
        add_switch(r, "subs", "detail");
    else if (q->page == PAGE_ACCOUNTZ && numbers < 2) {
        add(r, "acc", "$G");
        q->page = PAGE_ACCOUNT;
    } else if (q->page == PAGE_ACCOUNTZ && numbers == 2) {
        add(r, "acc", "no body");
        refuse(r, "Account %s does not exist%s", "no body", "");
    }
}

// A target, of which nothing is wrong but what it asks.
static void ask(struct world *w, struct request *r, const struct site *s) {
    static const char *const paths[] = {
        [PAGE_ROOT] = "/",
        [PAGE_VARZ] = "/varz",
        [PAGE_CONNZ] = "/connz",
        [PAGE_SUBSZ] = "/subsz",
        [PAGE_HEALTHZ] = "/healthz",
        [PAGE_ACCOUNTZ] = "/accountz",
        [PAGE_ACCOUNT] = "/accountz",
        [PAGE_ACCSTATZ] = "/accstatz",
        [PAGE_JSZ] = "/jsz",
        [PAGE_ROUTEZ] = "/routez",
        [PAGE_LEAFZ] = "/leafz",
        [PAGE_GATEWAYZ] = "/gatewayz",
    };
    static const char *const nowhere[] = {"/nothing", "/a;b", "/varz/", "/connz+", "/Varz", "/var"};
    struct question *q = &r->a->question;
    uint32_t roll = dice_below(r->d, 24);
    q->page = roll < 4    ? PAGE_VARZ
              : roll < 10 ? PAGE_CONNZ
              : roll < 12 ? PAGE_SUBSZ
                          : (enum page_kind)(roll - 12);
    if (q->page == PAGE_ACCOUNT)
        q->page = PAGE_ACCOUNTZ;
    q->limit = 0;
    const char *path = q->page == PAGE_NONE ? nowhere[dice_below(r->d, 6)] : paths[q->page];
    if (dice_once_in(r->d, 16))
        words_add(&r->target, "http://sim:8222");
    if (dice_once_in(r->d, 16))
        words_add(&r->target, "/");
    if (q->page == PAGE_SUBSZ && dice_once_in(r->d, 4))
        words_add(&r->target, "/subscriptionsz");
    else
        words_add(&r->target, "/"), encode(r, path + 1);
    r->a->status = 200;
    if (q->page == PAGE_NONE) {
        r->a->status = 404;
        strcpy(r->a->complaint, "404 page not found\n");
    } else if (q->page == PAGE_CONNZ) {
        ask_connz(r);
    } else if (q->page == PAGE_SUBSZ) {
        ask_subsz(w, r);
    } else if (q->page == PAGE_HEALTHZ) {
        ask_healthz(r, s);
    } else {
        ask_others(r);
    }
    if (q->limit == 0)
        q->limit = 1024;
}

// What is no request, or one that is not taken.
static void ask_wrongly(struct request *r, struct words *line) {
    static const struct {
        const char *text;
        uint16_t status;
        const char *body;
    } wrong[] = {
        {"nonsense\r\n", 400, "400 Bad Request"},
        {"GET\r\n", 400, "400 Bad Request"},
        {"GET \r\n", 400, "400 Bad Request"},
        {"GET  /varz HTTP/1.1\r\n", 400, "400 Bad Request"},
        {"GET  HTTP/1.1\r\n", 400, "400 Bad Request"},
        {"GET\t/varz HTTP/1.1\r\n", 400, "400 Bad Request"},
        {"gET /varz HTTP/1.1\r\n", 400, "400 Bad Request"},
        {"GET /varz HTTP/1.10\r\n", 400, "400 Bad Request"},
        {"GET /varz HTTP/1.\r\n", 400, "400 Bad Request"},
        {"GET /varz HTTP/1.:\r\n", 400, "400 Bad Request"},
        {"get /varz HTTP/1.1\r\n", 400, "400 Bad Request"},
        {"GET /varz\r\n", 400, "400 Bad Request"},
        {"GET /varz HTTP/1.1 \r\n", 400, "400 Bad Request"},
        {"GET /varz HTTP/11\r\n", 400, "400 Bad Request"},
        {"GET /varz HTTP/1,1\r\n", 400, "400 Bad Request"},
        {"GET /varz HTTP/a.1\r\n", 400, "400 Bad Request"},
        {"GET /va\x7frz HTTP/1.1\r\n", 400, "400 Bad Request"},
        {"GET /varz HTTP/2.0\r\n", 505, "505 HTTP Version Not Supported"},
        {"GET /varz HTTP/0.9\n", 505, "505 HTTP Version Not Supported"},
        {"GET /va%zzrz HTTP/1.1\r\n\r\n", 400, "400 Bad Request"},
        {"GET /varz%4 HTTP/1.1\r\n\r\n", 400, "400 Bad Request"},
        {"GET /varz%00 HTTP/1.1\r\n\r\n", 400, "400 Bad Request"},
    };
    uint32_t which = dice_below(r->d, sizeof wrong / sizeof wrong[0] + 1);
    r->a->last = true;
    r->a->question.page = PAGE_NONE;
    line->n = 0;
    if (which == sizeof wrong / sizeof wrong[0]) {
        words_add(line, "GET /%01200u HTTP/1.1\r\n\r\n", 0);
        r->a->status = 414;
        strcpy(r->a->complaint, "414 URI Too Long");
        return;
    }
    words_add(line, "%s", wrong[which].text);
    r->a->status = wrong[which].status;
    strcpy(r->a->complaint, wrong[which].body);
}

// Whether a request has letters that cost its connection: they say that it will be closed, or may.
static bool costs_connection(const struct words *line) {
    static const char *const letters[] = {"clos", "leng", "fer-", "/1.0"};
    for (uint32_t i = 0; i + 4 <= line->n; i++) {
        for (uint32_t k = 0; k < 4; k++) {
            uint32_t same = 0;
            while (same < 4 && tolower((unsigned char)line->text[i + same]) == letters[k][same])
                same++;
            if (same == 4)
                return true;
        }
    }
    return false;
}

static void ask_rightly(struct request *r, const struct site *s, struct words *line) {
    static const char *const methods[] = {"GET",  "GET", "GET",   "GET",    "HEAD",
                                          "POST", "X",   "HELLO", "OPTIONS"};
    static const char *const fields[] = {"Host: sim\r\n", "Accept: */*\r\n", "A:\r\n", "b: c\n"};
    const char *method = methods[dice_below(r->d, sizeof methods / sizeof methods[0])];
    r->a->head_only = strcmp(method, "HEAD") == 0;
    bool old = dice_once_in(r->d, 12);
    words_add(line, "%s%s %s HTTP/1.%s\r\n", dice_once_in(r->d, 16) ? "\r\n" : "", method,
              r->target.text, old ? "0" : "1");
    // The line must fit into a block, without its line feed and those of empty lines before it.
    if (strlen(line->text + strspn(line->text, "\r\n")) - 1 >= s->m.block_room) {
        r->a->status = 414;
        strcpy(r->a->complaint, "414 URI Too Long");
        r->a->question.page = PAGE_NONE;
        r->a->last = true;
        words_add(line, "\r\n");
        return;
    }
    while (dice_once_in(r->d, 2))
        words_add(line, "%s", fields[dice_below(r->d, 4)]);
    bool closes = dice_once_in(r->d, 12), body = dice_once_in(r->d, 16);
    if (closes)
        words_add(line, "Connection: close\r\n");
    if (body)
        words_add(line, "Content-Length: 2\r\n");
    words_add(line, body ? "\r\n{}" : "\r\n");
    r->a->last = costs_connection(line);
}

void scraper_act(struct world *w, struct actor *a, struct cable *c) {
    if (w->quiet || a->answer.phase != IDLE || a->answer.last ||
        c->up.written - c->up.taken + WORDS_MAX_BYTES > PIPE_BYTES)
        return;
    a->answer = (struct answer){.phase = STATUS};
    struct request r = {.d = &w->dice, .a = &a->answer};
    struct words line = {0};
    ask(w, &r, &w->sites[c->site]);
    ask_rightly(&r, &w->sites[c->site], &line);
    if (dice_once_in(&w->dice, 5)) {
        a->answer = (struct answer){.phase = STATUS};
        ask_wrongly(&r, &line);
    }
    cable_write(&c->up, (const uint8_t *)line.text, line.n);
    cable_flow(w, c, &c->up);
}

// ---- Answers ------------------------------------------------------------------------------------

static bool is_mine(const struct world *w, const struct cable *c) {
    return w->actors[c->actor].cable == c - w->cables + 1;
}

void scraper_asks(struct world *w, const struct site *s, struct cable *c) {
    struct answer *to = &w->actors[c->actor].answer;
    if (!is_mine(w, c) || to->phase != STATUS || to->line_bytes > 0)
        return;
    const struct pool *connections = &s->m.pools[POOL_connections];
    // Since it was asked, the site may have begun to retire, or anew.
    to->unsettled = to->question.page == PAGE_HEALTHZ &&
                    (to->status == 200 ? s->m.lame_duck : to->status == 500 && !s->m.lame_duck);
    to->crowded = connections->used > connections->limit / 2;
    moment_look(s, &to->begun);
}

static void fail(struct world *w, const struct answer *a, const char *what, const char *body) {
    fprintf(stderr, "page %d, status %u\n%.*s\n%s\n", (int)a->question.page, a->status,
            (int)a->body_bytes, body, a->complaint);
    world_fail(w, what);
}

static void finish(struct world *w, const struct site *s, struct cable *c, struct answer *to) {
    const char *body = w->bodies[c->actor];
    to->phase = IDLE;
    bool page = to->status == 200 && to->question.page != PAGE_HEALTHZ;
    const char *wrong = NULL;
    if (to->head_only && to->body_bytes > 0)
        wrong = "an answer to HEAD with a body";
    else if (to->head_only || to->body_bytes == BODY_MAX)
        return;
    else if (page)
        wrong = inspector_judge(s, &to->question, &to->begun, body, to->body_bytes);
    else if (to->unsettled)
        return;
    else if (to->body_bytes != strlen(to->complaint) ||
             memcmp(body, to->complaint, to->body_bytes) != 0)
        wrong = "a request was refused in other words";
    if (wrong != NULL)
        fail(w, to, wrong, body);
}

// The head is complete: the rest begins as it has said.
static void begin_body(struct world *w, const struct site *s, struct cable *c, struct answer *to) {
    bool page = to->status == 200;
    bool root = to->question.page == PAGE_ROOT, health = to->question.page == PAGE_HEALTHZ;
    bool refused = !page && !(health && to->complaint[0] == '{');
    if (to->html != (page && root) || to->plain != refused ||
        to->json != ((page && !root) || (health && !refused)))
        fail(w, to, "an answer of another type", to->line);
    if (to->told && to->chunked)
        fail(w, to, "an answer whose length is told twice", to->line);
    if (to->close != to->last && !(to->close && to->crowded))
        fail(w, to, "a connection that ends, or goes on, as nobody asked for", to->line);
    to->last = to->close;
    if (!to->told && !to->chunked && !to->close)
        fail(w, to, "an answer whose end cannot be known", to->line);
    to->phase = to->chunked ? CHUNK_SIZE : to->told ? BODY : TO_END;
    if (to->head_only || (to->told && to->left == 0))
        finish(w, s, c, to);
}

static bool begins(const char *line, const char *text) {
    return strncmp(line, text, strlen(text)) == 0;
}

static void read_head(struct world *w, const struct site *s, struct cable *c, struct answer *to) {
    static const struct {
        uint16_t status;
        const char *text;
    } statuses[] = {{200, "200 OK"},
                    {400, "400 Bad Request"},
                    {404, "404 Not Found"},
                    {414, "414 URI Too Long"},
                    {500, "500 Internal Server Error"},
                    {505, "505 HTTP Version Not Supported"}};
    static const char length[] = "Content-Length: ";
    const char *line = to->line;
    if (to->phase == STATUS) {
        uint32_t i = 0;
        while (statuses[i].status != to->status)
            i++;
        if (!begins(line, "HTTP/1.1 ") ||
            (strcmp(line + 9, statuses[i].text) != 0 && !to->unsettled))
            fail(w, to, "another status than must be", line);
    } else if (line[0] == '\0') {
        begin_body(w, s, c, to);
        return;
    }
    to->phase = HEADERS;
    to->json |= strcmp(line, "Content-Type: application/json") == 0;
    to->html |= strcmp(line, "Content-Type: text/html; charset=utf-8") == 0;
    to->plain |= strcmp(line, "Content-Type: text/plain; charset=utf-8") == 0;
    to->chunked |= strcmp(line, "Transfer-Encoding: chunked") == 0;
    to->close |= strcmp(line, "Connection: close") == 0;
    if (begins(line, length)) {
        to->told = true;
        to->left = (uint32_t)strtoul(line + strlen(length), NULL, 10);
    }
}

static void read_line(struct world *w, const struct site *s, struct cable *c, struct answer *to) {
    if (to->phase == CHUNK_SIZE) {
        to->left = (uint32_t)strtoul(to->line, NULL, 16);
        to->phase = to->left > 0 ? CHUNK : CHUNK_END;
        to->told = to->left == 0;
    } else if (to->phase == CHUNK_END) {
        if (to->line[0] != '\0')
            world_fail(w, "a chunk that is too long");
        to->phase = CHUNK_SIZE;
        if (to->told)
            finish(w, s, c, to);
    } else {
        read_head(w, s, c, to);
    }
}

static void read_byte(struct world *w, const struct site *s, struct cable *c, struct answer *to,
                      char b) {
    if (to->phase == IDLE)
        world_fail(w, "an answer that nobody asked for");
    if (to->phase == BODY || to->phase == CHUNK || to->phase == TO_END) {
        if (to->body_bytes < BODY_MAX)
            w->bodies[c->actor][to->body_bytes++] = b;
        if (to->phase == TO_END || --to->left > 0)
            return;
        if (to->phase == BODY)
            finish(w, s, c, to);
        else
            to->phase = CHUNK_END;
        to->told = false;
        return;
    }
    if (b == '\n') {
        if (to->line_bytes == 0 || to->line[to->line_bytes - 1] != '\r')
            world_fail(w, "a line of HTTP without its end");
        to->line[to->line_bytes - 1] = '\0';
        to->line_bytes = 0;
        read_line(w, s, c, to);
    } else if (to->line_bytes < ANSWER_LINE_MAX) {
        to->line[to->line_bytes++] = b;
    } else {
        world_fail(w, "a line of HTTP without end");
    }
}

void scraper_hears(struct world *w, const struct site *s, struct cable *c, const uint8_t *bytes,
                   uint32_t n) {
    for (uint32_t i = 0; i < n && is_mine(w, c); i++)
        read_byte(w, s, c, &w->actors[c->actor].answer, (char)bytes[i]);
}

bool scraper_waits(const struct world *w, const struct cable *c) {
    const struct answer *a = &w->actors[c->actor].answer;
    return is_mine(w, c) && a->phase == STATUS && a->line_bytes == 0 && c->up.written > 0 &&
           c->up.taken == c->up.written;
}

void scraper_closes(struct world *w, const struct site *s, struct cable *c) {
    struct answer *to = &w->actors[c->actor].answer;
    if (is_mine(w, c) && to->phase == TO_END)
        finish(w, s, c, to);
}

void scraper_ended(struct world *w, struct actor *a, struct cable *c) {
    struct answer *from = &a->answer;
    // A request may cross the end of a connection that was idle for long.
    bool unanswered = from->phase == STATUS && from->line_bytes == 0;
    bool whole = from->phase == IDLE || unanswered;
    if (!whole && !c->cut && !w->sites[c->site].scarce)
        world_fail(w, "an answer that was cut short");
    from->phase = IDLE;
}
