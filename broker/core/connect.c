#include "broker/core/connect.h"

#include "broker/core/client.h"
#include "broker/core/json.h"
#include "broker/core/midge.h"

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
        {"verbose", CONN_VERBOSE}, {"pedantic", CONN_PEDANTIC},           {"echo", CONN_ECHO},
        {"headers", CONN_HEADERS}, {"no_responders", CONN_NO_RESPONDERS}, {"tls_required", 0},
    };
    if (value.type == JSON_NULL)
        return true;
    bool truth = value.type == JSON_TRUE || value.type == JSON_FALSE;
    for (uint32_t i = 0; i < sizeof switches / sizeof switches[0]; i++) {
        if (!json_key_is(key, switches[i].key))
            continue;
        to->flags =
            value.type == JSON_TRUE ? to->flags | switches[i].flag : to->flags & ~switches[i].flag;
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

static const char redacted[] = "[REDACTED]";

// Whom monitoring shows: the user that was named, or taken for want of one. Tokens are secret.
static void keep_login(struct midge *m, struct conn *c, const struct credentials *given) {
    const char *name = "";
    if (given->token_bytes > 0)
        name = redacted;
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

void connect_refuse(struct midge *m, struct conn *c) {
    // What it said is long gone; of it the login is kept, which stands for a token as well.
    uint8_t login[256];
    uint32_t n = text_copy(m, c->login, login, sizeof login);
    struct credentials given = {.user = login, .user_bytes = n < sizeof login ? n : sizeof login};
    if (text_equals(m, c->login, (const uint8_t *)redacted, sizeof redacted - 1))
        given = (struct credentials){.token = login, .token_bytes = n};
    violation(m, c, &given);
}

void connect_command(struct midge *m, struct conn *c, const uint8_t *args, uint32_t n) {
    const uint32_t told =
        CONN_VERBOSE | CONN_PEDANTIC | CONN_ECHO | CONN_HEADERS | CONN_NO_RESPONDERS;
    struct connect said = {.flags = c->flags & told, .protocol = (c->flags & CONN_ASYNC_INFO) != 0};
    c->auth_due = false;
    c->rtt_us = (uint32_t)(m->now.us - c->started_us);
    client_first_ping(m, c);
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
    client_ok(m, c);
}

bool connect_unasked(struct midge *m, struct conn *c) {
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
