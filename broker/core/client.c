#include "broker/core/client.h"

#include "broker/core/json.h"
#include "broker/core/log.h"
#include "broker/core/midge.h"
#include "broker/core/permission.h"
#include "broker/core/subject.h"
#include "broker/core/trace.h"

#define FIRST_PING_MS 2000
#define RTT_STALE_US (3600ull * 1000000)

// What -ERR and the log say of a subject may be longer than a line: Go's %q writes up to four bytes
// for one. The broker's scratch line holds what fits.
static struct format compose(struct midge *m) {
    return (struct format){m->line, 0, sizeof m->line};
}

// ---- What a client is told ----------------------------------------------------------------------

void client_error(struct midge *m, struct conn *c, const char *text) {
    trace_out(m, c, "-ERR", text, (uint32_t)strlen(text));
    conn_send_text(m, c, "-ERR '");
    conn_send_text(m, c, text);
    conn_send_text(m, c, "'\r\n");
}

// An error is composed in a scratch line of its own, since what it quotes lies in the other one.
#define ERROR_END "'\r\n"

static struct format begin_error(struct midge *m) {
    return (struct format){m->rest, 0, sizeof m->rest - (sizeof ERROR_END - 1)};
}

// Sends what was composed, from "-ERR '" on, and its end.
static void send_error(struct midge *m, struct conn *c, struct format *line) {
    trace_out(m, c, "-ERR", line->to + 6, line->n - 6);
    line->max += sizeof ERROR_END - 1;
    format_text(line, ERROR_END);
    conn_send(m, c, line->to, line->n);
}

static void ok(struct midge *m, struct conn *c) {
    trace_out(m, c, "OK", NULL, 0);
    conn_send(m, c, "+OK\r\n", 5);
}

static void ok_if_verbose(struct midge *m, struct conn *c) {
    if (c->flags & CONN_VERBOSE)
        ok(m, c);
}

static void inform(struct midge *m, struct conn *c, bool connected) {
    const struct midge_config *config = m->config;
    struct format f = compose(m);
    const char *name = midge_config_text(config, config->server_name);
    if (name[0] == '\0')
        name = m->id;
    struct midge_address at;
    if (midge_advertised(config, m->host.port, &at) != NULL || at.host_bytes == 0) {
        at.host = midge_config_text(config, config->host);
        at.host_bytes = (uint32_t)strlen(at.host);
    }
    format_text(&f, "INFO {\"server_id\":\"");
    format_text(&f, m->id);
    format_text(&f, "\",\"server_name\":");
    format_json(&f, name, (uint32_t)strlen(name));
    format_text(&f, ",\"version\":\"" MIDGE_NATS_VERSION "\",\"proto\":1,\"go\":\"");
    format_text(&f, m->host.platform != NULL ? m->host.platform : "");
    format_text(&f, "\",\"host\":");
    format_json(&f, at.host, at.host_bytes);
    format_text(&f, ",\"port\":");
    format_u64(&f, (uint32_t)at.port);
    format_text(&f, config->no_header_support ? ",\"headers\":false" : ",\"headers\":true");
    if (m->rooms->auth_required(m) && config->no_auth_user == 0)
        format_text(&f, ",\"auth_required\":true");
    format_text(&f, ",\"max_payload\":");
    format_u64(&f, config->max_payload);
    format_text(&f, ",\"client_id\":");
    format_u64(&f, c->cid);
    if (c->peer.ip_bytes > 0) {
        format_text(&f, ",\"client_ip\":\"");
        format_ip(&f, &c->peer);
        format_char(&f, '"');
    }
    if (m->lame_duck)
        format_text(&f, ",\"ldm\":true");
    if (connected)
        format_text(&f, ",\"connect_info\":true,\"remote_account\":\"$G\"");
    format_text(&f, "} \r\n");
    conn_send(m, c, f.to, f.n);
}

void client_inform_all(struct midge *m) {
    const uint32_t wanted = CONN_ASYNC_INFO | CONN_PONGED;
    for (uint32_t i = 1; i <= m->pools[POOL_connections].fresh; i++) {
        struct conn *c = &m->connections[i];
        if (c->kind == MIDGE_CLIENT && (c->flags & (wanted | CONN_CLOSING)) == wanted)
            inform(m, c, false);
    }
}

static uint32_t first_ping_ms(struct midge *m) {
    uint32_t ms = m->config->ping_interval_ms;
    if (ms > FIRST_PING_MS)
        ms = FIRST_PING_MS;
    return ms + random_below(m, ms / 5 + 1);
}

static void set_ping(struct midge *m, struct conn *c, uint32_t in_ms) {
    c->ping_ms = m->now.ms + in_ms;
    timer_need(m, conn_index(m, c), c->ping_ms);
}

void client_turn_away(struct midge *m, struct conn *c) {
    inform(m, c, false);
    log_conn_text(m, c, MIDGE_ERR, "maximum connections exceeded");
    client_error(m, c, "maximum connections exceeded");
    conn_close(m, c, MIDGE_MAX_CONNECTIONS, true);
}

void client_greet(struct midge *m, struct conn *c) {
    c->flags |= CONN_VERBOSE | CONN_PEDANTIC | CONN_ECHO;
    if (!m->rooms->auth_required(m)) {
        c->flags |= CONN_ADMITTED;
    } else {
        c->auth_due = true;
        c->auth_ms = m->now.ms + m->config->auth_timeout_ms;
        timer_need(m, conn_index(m, c), c->auth_ms);
    }
    inform(m, c, false);
    set_ping(m, c, first_ping_ms(m));
    if (m->config->debug)
        log_conn_text(m, c, MIDGE_DBG, "Client connection created");
}

// ---- CONNECT ------------------------------------------------------------------------------------

// What a CONNECT says, strings decoded where they lay.
struct connect {
    struct credentials given;
    struct {
        const uint8_t *bytes;
        uint32_t n;
    } name, lang, version, account;
    uint32_t flags;
    int32_t protocol;
    bool new_account;
};

// An integer, cut to -1..1000. False where it is none, or none of 64 bits.
static bool take_integer(struct json_piece piece, int32_t *to) {
    bool minus = piece.bytes[0] == '-';
    int32_t v = 0;
    uint32_t digits = piece.n - minus;
    if (piece.type != JSON_NUMBER || digits > 19 ||
        (digits == 19 && memcmp(piece.bytes + minus, "9223372036854775807", 19) > 0))
        return false;
    for (uint32_t i = minus; i < piece.n; i++) {
        uint32_t digit = (uint32_t)piece.bytes[i] - '0';
        if (digit > 9)
            return false;
        v = v > 100 ? 1000 : v * 10 + (int32_t)digit;
    }
    *to = minus && v > 0 ? -1 : v;
    return true;
}

static bool take_text(struct json_piece value, const uint8_t **bytes, uint32_t *n) {
    if (value.type != JSON_STRING)
        return false;
    uint8_t *to = (uint8_t *)value.bytes;  // in the broker's own scratch line
    *n = json_decode(value, to);
    *bytes = to;
    return true;
}

// One member of the CONNECT. False where its value is of a wrong type.
static bool take_member(struct connect *to, struct json_piece key, struct json_piece value) {
    static const struct {
        const char *key;
        uint32_t flag;
    } switches[] = {
        {"verbose", CONN_VERBOSE}, {"pedantic", CONN_PEDANTIC}, {"echo", CONN_ECHO},
        {"headers", CONN_HEADERS}, {"no_responders", CONN_NO_RESPONDERS},
        {"tls_required", 0},
    };
    if (value.type == JSON_NULL)
        return true;
    bool truth = value.type == JSON_TRUE || value.type == JSON_FALSE;
    for (uint32_t i = 0; i < sizeof switches / sizeof switches[0]; i++) {
        if (!json_key_is(key, switches[i].key))
            continue;
        to->flags = value.type == JSON_TRUE ? to->flags | switches[i].flag
                                            : to->flags & ~switches[i].flag;
        return truth;
    }
    if (json_key_is(key, "new_account")) {
        to->new_account = value.type == JSON_TRUE;
        return truth;
    }
    if (json_key_is(key, "protocol"))
        return take_integer(value, &to->protocol);
    const struct {
        const char *key;
        const uint8_t **bytes;
        uint32_t *n;
    } texts[] = {
        {"user", &to->given.user, &to->given.user_bytes},
        {"pass", &to->given.password, &to->given.password_bytes},
        {"auth_token", &to->given.token, &to->given.token_bytes},
        {"name", &to->name.bytes, &to->name.n},
        {"lang", &to->lang.bytes, &to->lang.n},
        {"version", &to->version.bytes, &to->version.n},
        {"account", &to->account.bytes, &to->account.n},
    };
    for (uint32_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (json_key_is(key, texts[i].key))
            return take_text(value, texts[i].bytes, texts[i].n);
    }
    // Known to nats-server, without effect here: but they must be strings.
    static const char *const others[] = {"nkey", "sig", "jwt", "proxy_sig", "remote_account"};
    for (uint32_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (json_key_is(key, others[i]))
            return value.type == JSON_STRING;
    }
    return true;
}

static bool read_connect(struct midge *m, const uint8_t *args, uint32_t n, struct connect *to) {
    // Strings are decoded in place, so it must be ours.
    if (args != m->line)
        memcpy(m->line, args, n);
    struct json j = {.at = m->line, .end = m->line + n};
    struct json_piece key = {JSON_BAD, NULL, 0};
    struct json_piece value;
    if (!json_enter(&j))
        return json_null(&j);
    bool fits = true;
    while (json_member(&j, &key, &value)) {
        key.n = json_decode(key, (uint8_t *)key.bytes);
        fits = take_member(to, key, value) && fits;
    }
    return fits && !j.bad && json_ended(&j);
}

static void keep_text(struct midge *m, index_t *place, const uint8_t *bytes, uint32_t n) {
    if (bytes == NULL)
        return;
    text_drop(m, *place);
    // What the store has no room for is only not shown.
    *place = n > 0 ? text_hold(m, bytes, n) : 0;
}

// Whom monitoring shows: the user that was named, or taken for want of one. Tokens are secret.
static void keep_login(struct midge *m, struct conn *c, const struct credentials *given) {
    const char *name = "";
    if (given->token_bytes > 0)
        name = "[REDACTED]";
    else if (c->user != 0)
        name = midge_config_text(m->config, m->config->users[c->user - 1].name);
    if (given->user_bytes > 0)
        keep_text(m, &c->login, given->user, given->user_bytes);
    else
        keep_text(m, &c->login, (const uint8_t *)name, (uint32_t)strlen(name));
}

static void violation(struct midge *m, struct conn *c, const struct credentials *given) {
    struct format *f = log_conn(m, c, MIDGE_ERR);
    format_text(f, "authentication error");
    if (given->user_bytes > 0) {
        format_text(f, " - User ");
        format_quoted(f, given->user, given->user_bytes);
    } else if (given->token_bytes > 0) {
        format_text(f, " - Token \"[REDACTED]\"");
    }
    log_end(m);
    client_error(m, c, "Authorization Violation");
    conn_close(m, c, MIDGE_AUTH_VIOLATION, true);
}

void client_refuse(struct midge *m, struct conn *c) {
    static const struct credentials nobody;
    violation(m, c, &nobody);
}

static void connect(struct midge *m, struct conn *c, const uint8_t *args, uint32_t n) {
    const uint32_t told = CONN_VERBOSE | CONN_PEDANTIC | CONN_ECHO | CONN_HEADERS |
                          CONN_NO_RESPONDERS;
    struct connect said = {.flags = c->flags & told,
                           .protocol = (c->flags & CONN_ASYNC_INFO) != 0};
    c->auth_due = false;
    c->rtt_us = (uint32_t)(m->now.us - c->started_us);
    set_ping(m, c, first_ping_ms(m));
    if (!read_connect(m, args, n, &said)) {
        conn_close(m, c, MIDGE_PROTOCOL_VIOLATION, true);
        return;
    }
    bool again = (c->flags & CONN_CONNECTED) != 0;
    c->flags = (c->flags & ~told) | said.flags | CONN_CONNECTED;
    if (m->config->no_header_support)
        c->flags &= ~(uint32_t)CONN_HEADERS;
    if (again) {
        while (c->subs != 0)
            subs_remove(m, c->subs);
    }
    keep_text(m, &c->name, said.name.bytes, said.name.n);
    keep_text(m, &c->lang, said.lang.bytes, said.lang.n);
    keep_text(m, &c->version, said.version.bytes, said.version.n);
    // A repeated CONNECT that names nobody leaves its sender who it is.
    const struct credentials *given = &said.given;
    bool silent = given->user == NULL && given->password == NULL && given->token == NULL;
    bool stays = again && silent && (c->flags & CONN_ADMITTED);
    bool admitted = stays || m->rooms->authenticate(m, c, given);
    if (!stays)
        keep_login(m, c, given);
    if (!admitted || said.account.n > 0 || said.new_account) {
        violation(m, c, &said.given);
        return;
    }
    c->flags |= CONN_ADMITTED;
    if (said.protocol < 0 || said.protocol > 1) {
        client_error(m, c, "invalid client protocol");
        conn_close(m, c, MIDGE_BAD_PROTOCOL, true);
        log_conn_text(m, c, MIDGE_ERR, "invalid client protocol");
        return;
    }
    if (said.protocol == 1)
        c->flags |= CONN_ASYNC_INFO;
    if ((c->flags & CONN_NO_RESPONDERS) && !(c->flags & CONN_HEADERS)) {
        client_error(m, c, "no responders requires headers support");
        conn_close(m, c, MIDGE_NO_RESPONDERS_NEEDS_HEADERS, true);
        return;
    }
    ok_if_verbose(m, c);
}

bool client_may_speak(struct midge *m, struct conn *c) {
    static const struct credentials nobody;
    if (m->config->no_auth_user != 0 && m->rooms->authenticate(m, c, &nobody)) {
        keep_login(m, c, &nobody);
        c->auth_due = false;
        c->flags |= CONN_ADMITTED;
        return true;
    }
    violation(m, c, &nobody);
    return false;
}

// ---- SUB and UNSUB ------------------------------------------------------------------------------

struct word {
    const uint8_t *bytes;
    uint32_t n;
};

#define WORDS_MAX 5

static bool is_blank(uint8_t b) {
    return b == ' ' || b == '\t';
}

// Splits arguments at blanks. Answers how many there are, at most WORDS_MAX.
static uint32_t split(const uint8_t *args, uint32_t n, struct word *words) {
    const uint8_t *end = args + n;
    uint32_t count = 0;
    while (count < WORDS_MAX) {
        while (args < end && is_blank(*args))
            args++;
        if (args == end)
            break;
        const uint8_t *from = args;
        while (args < end && !is_blank(*args))
            args++;
        words[count++] = (struct word){from, (uint32_t)(args - from)};
    }
    return count;
}

// As split, where line ends part words too.
static uint32_t split_lines(uint8_t *args, uint32_t n, struct word *words) {
    for (uint32_t i = 0; i < n; i++) {
        if (args[i] == '\r' || args[i] == '\n')
            args[i] = ' ';
    }
    return split(args, n, words);
}

static void subscribe_violation(struct midge *m, struct conn *c, struct word subject,
                                struct word queue, struct word sid, bool tokens) {
    struct format f = begin_error(m);
    format_text(&f, "-ERR 'Permissions Violation for Subscription to ");
    format_quoted(&f, subject.bytes, subject.n);
    if (tokens) {
        format_text(&f, ", too many tokens");
    } else if (queue.n > 0) {
        format_text(&f, " using queue ");
        format_quoted(&f, queue.bytes, queue.n);
    }
    send_error(m, c, &f);
    struct format *log = log_conn(m, c, MIDGE_ERR);
    format_text(log, tokens ? "Subscription Violation Too Many Tokens - Subject "
                            : "Subscription Violation - Subject ");
    format_quoted(log, subject.bytes, subject.n);
    if (!tokens && queue.n > 0) {
        format_text(log, ", Queue: ");
        format_quoted(log, queue.bytes, queue.n);
    }
    format_text(log, ", SID ");
    format_bytes(log, sid.bytes, sid.n);
    log_end(m);
}

static bool may_subscribe(struct midge *m, struct conn *c, struct word subject,
                          struct word queue, struct word sid) {
    bool reserved = queue.n == 5 && memcmp(queue.bytes, "_sys_", 5) == 0;
    if (reserved ||
        !permission_subscribe(m->config, c->permissions,
                              &(struct request){subject.bytes, queue.bytes, subject.n, queue.n})) {
        subscribe_violation(m, c, subject, queue, sid, false);
        return false;
    }
    uint32_t tokens_max = m->config->max_sub_tokens;
    if (tokens_max > 0 && subject_tokens(subject.bytes, subject.n) > tokens_max) {
        subscribe_violation(m, c, subject, queue, sid, true);
        return false;
    }
    return true;
}

static void too_many_subscriptions(struct midge *m, struct conn *c) {
    log_conn_text(m, c, MIDGE_ERR, "maximum subscriptions exceeded");
    client_error(m, c, "maximum subscriptions exceeded");
}

static void subscribe(struct midge *m, struct conn *c, const uint8_t *args, uint32_t n) {
    struct word words[WORDS_MAX];
    if (args != m->line)
        memcpy(m->line, args, n);
    uint32_t count = split_lines(m->line, n, words);
    if (count != 2 && count != 3) {
        conn_close(m, c, MIDGE_PROTOCOL_VIOLATION, true);
        return;
    }
    struct word subject = words[0];
    struct word queue = count == 3 ? words[1] : (struct word){NULL, 0};
    struct word sid = words[count - 1];
    if (!may_subscribe(m, c, subject, queue, sid))
        return;
    uint32_t most = m->config->max_subscriptions;
    if (most > 0 && c->subs_count >= most) {
        too_many_subscriptions(m, c);
        return;
    }
    if (subs_find(m, conn_index(m, c), sid.bytes, sid.n) == 0) {
        if (!subject_valid(subject.bytes, subject.n)) {
            client_error(m, c, "Invalid Subject");
            return;
        }
        struct sub_wish wish = {.root = m->root, .owner = conn_index(m, c),
                                .subject = subject.bytes, .subject_bytes = subject.n,
                                .queue = queue.bytes, .queue_bytes = queue.n,
                                .sid = sid.bytes, .sid_bytes = sid.n};
        index_t i = subs_insert(m, &wish);
        if (i == 0) {
            too_many_subscriptions(m, c);
            return;
        }
        if (permission_filtered(m->config, c->permissions,
                                &(struct request){subject.bytes, queue.bytes, subject.n, queue.n}))
            m->subscriptions[i].flags |= SUB_FILTERED;
    }
    ok_if_verbose(m, c);
}

void client_recheck(struct midge *m, struct conn *c) {
    for (index_t i = c->subs, next; i != 0; i = next) {
        next = m->subscriptions[i].owner_next;
        uint32_t n = subs_subject(m, i, m->line, sizeof m->line);
        uint8_t queue[256];
        uint32_t queue_bytes = subs_queue(m, i, queue, sizeof queue);
        if (queue_bytes > sizeof queue)
            queue_bytes = sizeof queue;
        struct sub *s = &m->subscriptions[i];
        const struct request request = {m->line, queue, n, queue_bytes};
        if (permission_subscribe(m->config, c->permissions, &request)) {
            bool filtered = permission_filtered(m->config, c->permissions, &request);
            s->flags = (uint8_t)((s->flags & ~SUB_FILTERED) | (filtered ? SUB_FILTERED : 0));
            continue;
        }
        struct format f = begin_error(m);
        format_text(&f, "-ERR 'Permissions Violation for Subscription to ");
        format_quoted(&f, m->line, n);
        if (queue_bytes > 0) {
            format_text(&f, " using queue ");
            format_quoted(&f, queue, queue_bytes);
        }
        format_text(&f, " (sid ");
        n = subs_sid(m, i, m->line, sizeof m->line);
        format_quoted(&f, m->line, n);
        format_char(&f, ')');
        send_error(m, c, &f);
        subs_remove(m, i);
    }
}

// A size as nats-server reads it: one to nine digits, else -1.
static int32_t size_of(struct word w) {
    if (w.n == 0 || w.n > 9)
        return -1;
    int32_t v = 0;
    for (uint32_t i = 0; i < w.n; i++) {
        uint32_t digit = (uint32_t)w.bytes[i] - '0';
        if (digit > 9)
            return -1;
        v = v * 10 + (int32_t)digit;
    }
    return v;
}

static void unsubscribe(struct midge *m, struct conn *c, const uint8_t *args, uint32_t n) {
    struct word words[WORDS_MAX];
    if (args != m->line)
        memcpy(m->line, args, n);
    uint32_t count = split_lines(m->line, n, words);
    if (count != 1 && count != 2) {
        conn_close(m, c, MIDGE_PROTOCOL_VIOLATION, true);
        return;
    }
    ok_if_verbose(m, c);
    index_t i = subs_find(m, conn_index(m, c), words[0].bytes, words[0].n);
    if (i == 0)
        return;
    int32_t max = count == 2 ? size_of(words[1]) : -1;
    struct sub *s = &m->subscriptions[i];
    if (max > 0 && (uint64_t)max > s->delivered) {
        s->max = (uint32_t)max;
        return;
    }
    if (m->config->trace)
        trace_unsubscribe(m, c, i);
    subs_remove(m, i);
}

// ---- PUB ----------------------------------------------------------------------------------------

// Points at what follows the sid in the MSG line. As clients write it, it lies in the line as it must
// be sent; with other blanks or line ends it is put together in the scratch line.
static void set_rest(struct midge *m, struct publication *p, const uint8_t *args, uint32_t n,
                     const struct word *words, uint32_t count) {
    const uint8_t *end = args + n;
    uint32_t tight = 0;
    for (uint32_t i = 1; i < count; i++)
        tight += words[i].n + 1;
    p->rest = words[1].bytes;
    p->rest_bytes = tight + 1;
    const struct word *last = &words[count - 1];
    if (last->bytes + last->n == end && p->rest + tight - 1 == end && end[0] == '\r' &&
        end[1] == '\n' && (count < 3 || memchr(p->rest, '\t', tight - 1) == NULL))
        return;
    uint8_t *to = m->rest;
    for (uint32_t i = 1; i < count; i++) {
        memcpy(to, words[i].bytes, words[i].n);
        to += words[i].n;
        *to++ = ' ';
    }
    memcpy(to - 1, "\r\n", 2);
    p->rest = m->rest;
}

bool client_announce(struct midge *m, struct conn *c, enum verb verb, const uint8_t *args,
                     uint32_t n, struct publication *p) {
    struct word words[WORDS_MAX];
    uint32_t count = split(args, n, words);
    uint32_t sizes = verb == VERB_HPUB ? 2 : 1;
    if ((verb == VERB_HPUB && !(c->flags & CONN_HEADERS)) || count < 1 + sizes ||
        count > 2 + sizes) {
        conn_close(m, c, MIDGE_PROTOCOL_VIOLATION, true);
        return false;
    }
    int32_t bytes = size_of(words[count - 1]);
    int32_t header = sizes == 2 ? size_of(words[count - 2]) : 0;
    if (bytes < 0 || header < 0 || header > bytes) {
        conn_close(m, c, MIDGE_PROTOCOL_VIOLATION, true);
        return false;
    }
    if ((uint32_t)bytes > m->config->max_payload) {
        struct format *f = log_conn(m, c, MIDGE_ERR);
        format_text(f, "maximum payload exceeded: ");
        format_u64(f, (uint32_t)bytes);
        format_text(f, " vs ");
        format_u64(f, m->config->max_payload);
        log_end(m);
        client_error(m, c, "Maximum Payload Violation");
        conn_close(m, c, MIDGE_MAX_PAYLOAD, true);
        return false;
    }
    *p = (struct publication){.subject = words[0].bytes, .subject_bytes = words[0].n,
                              .hpub = verb == VERB_HPUB,
                              .header_bytes = (uint32_t)header, .bytes = (uint32_t)bytes};
    if (count == 2 + sizes) {
        p->reply = words[1].bytes;
        p->reply_bytes = words[1].n;
    }
    set_rest(m, p, args, n, words, count);
    return true;
}

void client_check_subject(struct midge *m, struct conn *c, const struct publication *p) {
    if ((c->flags & CONN_PEDANTIC) && !subject_literal(p->subject, p->subject_bytes))
        client_error(m, c, "Invalid Publish Subject");
}

static void publish_violation(struct midge *m, struct conn *c, const char *what,
                              const char *of, const uint8_t *subject, uint32_t n) {
    struct format f = begin_error(m);
    format_text(&f, "-ERR 'Permissions Violation for Publish ");
    format_text(&f, what);
    format_quoted(&f, subject, n);
    send_error(m, c, &f);
    struct format *log = log_conn(m, c, MIDGE_ERR);
    format_text(log, "Publish Violation - ");
    format_text(log, of);
    format_quoted(log, subject, n);
    log_end(m);
}

static bool begins(const uint8_t *s, uint32_t n, const char *prefix, uint32_t more) {
    uint32_t length = (uint32_t)strlen(prefix);
    return n >= length + more && memcmp(s, prefix, length) == 0;
}

// Whether a client may publish so; where not, it was told.
static bool may_publish(struct midge *m, struct conn *c, const struct publication *p) {
    const uint8_t *s = p->subject;
    uint32_t n = p->subject_bytes;
    bool reserved = (s[0] == '_' && begins(s, n, "_GR_.", 1)) ||
                    (s[0] == '$' && (begins(s, n, "$GR.", 1) || begins(s, n, "$NRG.", 0)));
    if (reserved || !permission_publish(m->config, c->permissions, s, n)) {
        publish_violation(m, c, "to ", "Subject ", s, n);
        return false;
    }
    s = p->reply;
    n = p->reply_bytes;
    if (n > 0 && (s[0] == '_' || s[0] == '$') &&
        (begins(s, n, "_R_.", 0) || begins(s, n, "$JS.ACK.", 1) || begins(s, n, "_GR_.", 1) ||
         begins(s, n, "$GR.", 1))) {
        publish_violation(m, c, "with Reply of ", "Reply ", s, n);
        return false;
    }
    return true;
}

// Tells a requestor that nobody listens, if it wants to know and listens for the answer itself.
static void no_responders(struct midge *m, struct conn *c, const struct publication *p) {
    struct matched found = match(m, m->root, p->reply, p->reply_bytes);
    for (uint32_t i = 0; i < found.count; i++) {
        for (index_t s = m->nodes[found.nodes[i]].plain; s != 0; s = m->subscriptions[s].next) {
            if (m->subscriptions[s].owner != conn_index(m, c))
                continue;
            uint8_t number[20];
            uint32_t digits = format_decimal(number, 32 + p->subject_bytes);
            conn_send(m, c, "HMSG ", 5);
            conn_send(m, c, p->reply, p->reply_bytes);
            conn_send(m, c, " ", 1);
            uint8_t sid[SUB_SID_BYTES];
            const struct sub *sub = &m->subscriptions[s];
            index_t text;
            memcpy(&text, memcpy(sid, sub->sid, sizeof sid), sizeof text);
            if (sub->sid_bytes != SUB_SID_TEXT)
                conn_send(m, c, sid, sub->sid_bytes);
            else if (!outq_append_text(m, c, text))
                conn_slow(m, c, MIDGE_SLOW_PENDING);
            for (int k = 0; k < 2; k++) {
                conn_send(m, c, " ", 1);
                conn_send(m, c, number, digits);
            }
            conn_send_text(m, c, "\r\nNATS/1.0 503\r\nNats-Subject: ");
            conn_send(m, c, p->subject, p->subject_bytes);
            conn_send_text(m, c, "\r\n\r\n\r\n");
            return;
        }
    }
}

bool client_publish(struct midge *m, struct conn *c, struct publication *p, struct matched found) {
    // A message that waited was traced and acknowledged before.
    bool first = !(c->flags & CONN_STALL_CHECKED);
    if (m->config->trace && first)
        trace_payload(m, c, p);
    if (!may_publish(m, c, p)) {
        c->in_msgs++;
        c->in_bytes += p->bytes;
        return true;
    }
    if ((c->flags & CONN_VERBOSE) && first)
        ok(m, c);
    uint32_t bytes = p->bytes;
    int32_t receivers = deliver(m, c, p, found);
    if (receivers == DELIVER_STALL) {
        c->flags |= CONN_STALL_CHECKED;
        return false;
    }
    c->flags &= ~(uint32_t)CONN_STALL_CHECKED;
    c->in_msgs++;
    c->in_bytes += bytes;
    if (receivers == 0 && p->reply_bytes > 0 && (c->flags & CONN_NO_RESPONDERS))
        no_responders(m, c, p);
    return true;
}

// ---- Commands and time --------------------------------------------------------------------------

static void pinged(struct midge *m, struct conn *c) {
    trace_out(m, c, "PONG", NULL, 0);
    conn_send(m, c, "PONG\r\n", 6);
    c->pinged_ms = m->now.ms;
    if (!(c->flags & CONN_CONNECTED) || (c->flags & CONN_PONGED))
        return;
    c->flags |= CONN_PONGED;
    if (c->flags & CONN_ASYNC_INFO)
        inform(m, c, true);
}

static void ponged(struct midge *m, struct conn *c) {
    c->pings_out = 0;
    if (c->ping_us != 0)
        c->rtt_us = (uint32_t)m->now.us - c->ping_us;
}

void client_command(struct midge *m, struct conn *c, enum verb verb, const uint8_t *args,
                    uint32_t n) {
    if (m->config->trace && verb != VERB_OK && verb != VERB_INFO && verb != VERB_ERR)
        trace_in(m, c, verb_name(verb), args, n);
    struct json j;
    struct json_piece key = {JSON_BAD, NULL, 0};
    struct json_piece value;
    struct format *f;
    switch (verb) {
    case VERB_CONNECT:
        c->active_us = m->now.us;
        connect(m, c, args, n);
        break;
    case VERB_SUB:
        c->active_us = m->now.us;
        subscribe(m, c, args, n);
        break;
    case VERB_UNSUB:
        c->active_us = m->now.us;
        unsubscribe(m, c, args, n);
        break;
    case VERB_PING:
        pinged(m, c);
        break;
    case VERB_PONG:
        ponged(m, c);
        break;
    case VERB_INFO:
        // Clients have nothing to say here, but it must be JSON.
        j = (struct json){.at = args, .end = args + n};
        if (json_enter(&j))
            while (json_member(&j, &key, &value)) {}
        else
            j.bad = !json_null(&j);
        if (j.bad || !json_ended(&j))
            conn_close(m, c, MIDGE_PROTOCOL_VIOLATION, true);
        break;
    case VERB_ERR:
        f = log_conn(m, c, MIDGE_ERR);
        format_text(f, "Client Error ");
        format_bytes(f, args, n);
        log_end(m);
        conn_close(m, c, MIDGE_PARSE_ERROR, true);
        break;
    default:
        break;
    }
}

static bool due(const struct midge *m, uint32_t at_ms) {
    return (int32_t)(m->now.ms - at_ms) >= 0;
}

static void stale(struct midge *m, struct conn *c) {
    if (m->config->debug)
        log_conn_text(m, c, MIDGE_DBG, "Stale Client Connection - Closing");
    m->stale_connections++;
    client_error(m, c, "Stale Connection");
    conn_close(m, c, MIDGE_STALE, true);
}

static void ping(struct midge *m, struct conn *c) {
    uint32_t interval = m->config->ping_interval_ms;
    bool need_rtt = c->ping_us == 0 || m->now.us - c->last_ping_us > RTT_STALE_US;
    bool heard = m->now.us - c->active_us < (uint64_t)interval * 1000 ||
                 (c->pinged_ms != 0 && m->now.ms - c->pinged_ms < interval);
    if (!heard || need_rtt) {
        if (c->pings_out + 1u > m->config->ping_max) {
            stale(m, c);
            return;
        }
        c->pings_out++;
        c->last_ping_us = m->now.us;
        c->ping_us = (uint32_t)m->now.us | 1;
        trace_out(m, c, "PING", NULL, 0);
        conn_send(m, c, "PING\r\n", 6);
    }
    set_ping(m, c, interval);
}

void client_tick(struct midge *m, struct conn *c) {
    uint16_t i = conn_index(m, c);
    conn_tick(m, c);
    if (c->flags & CONN_CLOSING)
        return;
    if (c->auth_due && due(m, c->auth_ms)) {
        client_error(m, c, "Authentication Timeout");
        if (m->config->debug)
            log_conn_text(m, c, MIDGE_DBG, "Authentication Timeout");
        conn_close(m, c, MIDGE_AUTH_TIMEOUT, true);
        return;
    }
    if (c->in.need > 0 && c->in.line_bytes > 0) {
        uint32_t idle_ms = c->in.since_ms + m->config->payload_idle_ms;
        if (due(m, idle_ms) && !(c->flags & CONN_STALLED)) {
            stale(m, c);
            return;
        }
        timer_need(m, i, due(m, idle_ms) ? m->now.ms + 1000 : idle_ms);
    }
    if (c->auth_due)
        timer_need(m, i, c->auth_ms);
    if (due(m, c->ping_ms))
        ping(m, c);
    else
        timer_need(m, i, c->ping_ms);
}
