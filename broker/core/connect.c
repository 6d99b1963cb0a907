#include "broker/core/connect.h"

#include "broker/core/client.h"
#include "broker/core/credentials.h"
#include "broker/core/json.h"
#include "broker/core/midge.h"
#include "broker/core/secret.h"

// What a CONNECT says, strings decoded where they lay.
struct connect {
    uint32_t flags;
    int32_t protocol;
    struct credentials given;
    struct word name, lang, version, account;
};

// What it says of the flags of struct conn.
#define OPTIONS (CONN_VERBOSE | CONN_PEDANTIC | CONN_ECHO | CONN_HEADERS | CONN_NO_RESPONDERS)

// Beside these: it asks for an account of its own, which no one gets.
#define NEW_ACCOUNT (1u << 31)

// What nats-server knows, with the type that each must have. Keys are in lower case.
static const struct member {
    const char *key;
    uint8_t type;    // of JSON; JSON_TRUE for either truth
    bool secret;     // not to be logged
    uint32_t place;  // a truth's flag, or where in struct connect; 0: without effect here
} members[] = {
    {"verbose", JSON_TRUE, false, CONN_VERBOSE},
    {"pedantic", JSON_TRUE, false, CONN_PEDANTIC},
    {"echo", JSON_TRUE, false, CONN_ECHO},
    {"headers", JSON_TRUE, false, CONN_HEADERS},
    {"no_responders", JSON_TRUE, false, CONN_NO_RESPONDERS},
    {"tls_required", JSON_TRUE, false, 0},
    {"new_account", JSON_TRUE, false, NEW_ACCOUNT},
    {"protocol", JSON_NUMBER, false, offsetof(struct connect, protocol)},
    {"user", JSON_STRING, false, offsetof(struct connect, given.user)},
    {"pass", JSON_STRING, true, offsetof(struct connect, given.password)},
    {"auth_token", JSON_STRING, true, offsetof(struct connect, given.token)},
    {"name", JSON_STRING, false, offsetof(struct connect, name)},
    {"lang", JSON_STRING, false, offsetof(struct connect, lang)},
    {"version", JSON_STRING, false, offsetof(struct connect, version)},
    {"account", JSON_STRING, false, offsetof(struct connect, account)},
    {"remote_account", JSON_STRING, false, 0},
#if MIDGE_NKEYS
    {"nkey", JSON_STRING, true, offsetof(struct connect, given.nkey)},
    {"sig", JSON_STRING, true, offsetof(struct connect, given.signature)},
#else
    {"nkey", JSON_STRING, true, 0},
    {"sig", JSON_STRING, true, 0},
#endif
    {"jwt", JSON_STRING, false, 0},
    {"proxy_sig", JSON_STRING, true, 0},
};

static const struct member *member_of(const struct json_piece *key) {
    for (uint32_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        if (json_key_is(key, members[i].key))
            return &members[i];
    }
    return NULL;
}

bool connect_secret(const struct json_piece *key) {
    const struct member *member = member_of(key);
    return member != NULL && member->secret;
}

// An integer, cut to -1..1000. False where it is none, or none of 64 bits.
static bool take_integer(const struct json_piece *piece, int32_t *to) {
    bool minus = piece->bytes[0] == '-';
    int32_t v = 0;
    uint32_t digits = piece->n - minus;
    if (piece->type != JSON_NUMBER || digits > 19 ||
        (digits == 19 && memcmp(piece->bytes + minus, "9223372036854775807", 19) > 0))
        return false;
    for (uint32_t i = minus; i < piece->n; i++) {
        uint32_t digit = (uint32_t)piece->bytes[i] - '0';
        if (digit > 9)
            return false;
        v = v > 100 ? 1000 : v * 10 + (int32_t)digit;
    }
    *to = minus && v > 0 ? -1 : v;
    return true;
}

// One member of the CONNECT. False where its value is of a wrong type.
static bool take_member(struct connect *to, const struct json_piece *key,
                        const struct json_piece *value) {
    const struct member *member = member_of(key);
    if (member == NULL || value->type == JSON_NULL)
        return true;
    if (member->type == JSON_TRUE) {
        to->flags =
            value->type == JSON_TRUE ? to->flags | member->place : to->flags & ~member->place;
        return value->type == JSON_TRUE || value->type == JSON_FALSE;
    }
    if (member->type == JSON_NUMBER)
        return take_integer(value, &to->protocol);
    if (value->type != JSON_STRING)
        return false;
    if (member->place != 0) {
        struct word text = {value->bytes, json_decode(value, (uint8_t *)value->bytes)};
        memcpy((uint8_t *)to + member->place, &text, sizeof text);
    }
    return true;
}

static bool read_connect(struct midge *m, const uint8_t *args, uint32_t n, struct connect *to) {
    // Strings are decoded in place, so it must be the broker's own scratch line.
    if (args != m->line)
        memcpy(m->line, args, n);
    struct json j = {.at = m->line, .end = m->line + n};
    struct json_piece key = {JSON_BAD, NULL, 0};
    struct json_piece value;
    if (!json_enter(&j))
        return json_of(m->line, n) == JSON_NULL;
    bool fits = true;
    while (json_member(&j, &key, &value)) {
        key.n = json_decode(&key, (uint8_t *)key.bytes);
        fits = take_member(to, &key, &value) && fits;
    }
    return fits && !j.bad && json_ended(&j);
}

static void keep_text(struct midge *m, index_t *place, struct word text) {
    if (text.bytes == NULL)
        return;
    text_drop(m, *place);
    // What the store has no room for is only not shown.
    *place = text.n > 0 ? text_hold(m, text.bytes, text.n) : 0;
}

static struct word word_of(const char *text) {
    return (struct word){(const uint8_t *)text, (uint32_t)strlen(text)};
}

static const char redacted[] = "[REDACTED]";

// Whom monitoring shows: the key or the user that was named, or taken for want of one. Tokens are
// secret.
static void keep_login(struct midge *m, struct conn *c, const struct credentials *given) {
    const struct midge_config *config = m->config;
    struct word login = given->user;
#if MIDGE_NKEYS
    bool by_nkey = given->nkey.n > 0 || (c->user != 0 && config->users[c->user - 1].nkey != 0);
    c->flags = (c->flags & ~(uint32_t)CONN_BY_NKEY) | (by_nkey ? CONN_BY_NKEY : 0);
    if (by_nkey)
        login = given->nkey;
#endif
#if MIDGE_TLS
    if (m->config->tls.verify_and_map && c->user != 0)
        login.n = 0;  // whom the certificate names
#endif
    if (login.n == 0 && given->token.n > 0)
        login = word_of(redacted);
    else if (login.n == 0)
        login =
            word_of(c->user == 0 ? "" : midge_config_text(config, config->users[c->user - 1].name));
    keep_text(m, &c->login, login);
}

bool connect_by_token(const struct midge *m, const struct conn *c) {
    return text_equals(m, c->login, (const uint8_t *)redacted, sizeof redacted - 1);
}

void connect_name(const struct midge *m, const struct conn *c, struct format *f) {
    uint8_t login[256];
    uint32_t n = text_copy(m, c->login, login, sizeof login);
    format_text(f, c->flags & CONN_BY_NKEY ? "Nkey " : connect_by_token(m, c) ? "Token " : "User ");
    format_quoted(f, login, n < sizeof login ? n : sizeof login);
}

void connect_refuse(struct midge *m, struct conn *c) {
    struct format *f = log_conn(m, c, MIDGE_ERR);
    format_text(f, "authentication error");
    if (c->login != 0) {
        format_text(f, " - ");
        connect_name(m, c, f);
    }
    log_end(m);
    client_end(m, c, MIDGE_AUTH_VIOLATION, "Authorization Violation");
}

// Who may say so: what comes of a CONNECT that could be read. False where that is not decided yet.
static bool admit(struct midge *m, struct conn *c, const struct connect *told) {
    bool again = (c->flags & CONN_CONNECTED) != 0;
    c->flags = (c->flags & ~(uint32_t)OPTIONS) | (told->flags & OPTIONS) | CONN_CONNECTED;
    if (m->config->no_header_support)
        c->flags &= ~(uint32_t)CONN_HEADERS;
    if (again) {
        while (c->subs != 0)
            subs_remove(m, c->subs);
    }
    keep_text(m, &c->name, told->name);
    keep_text(m, &c->lang, told->lang);
    keep_text(m, &c->version, told->version);
    // A repeated CONNECT that names nobody leaves its sender who it is.
    const struct credentials *given = &told->given;
    bool silent =
        given->user.bytes == NULL && given->password.bytes == NULL && given->token.bytes == NULL;
#if MIDGE_NKEYS
    silent = silent && given->nkey.bytes == NULL &&
             (given->signature.bytes == NULL || !(c->flags & CONN_BY_NKEY));
#endif
    bool stays = again && silent && (c->flags & CONN_ADMITTED);
    enum admission admission = stays ? ADMITTED : m->rooms->authenticate(m, c, given);
    if (admission == UNDECIDED)
        return false;
    if (!stays)
        keep_login(m, c, given);
    if (admission == REFUSED || told->account.n > 0 || (told->flags & NEW_ACCOUNT)) {
        connect_refuse(m, c);
        return true;
    }
    c->flags |= CONN_ADMITTED;
    if (told->protocol < 0 || told->protocol > 1) {
        static const char text[] = "invalid client protocol";
        client_end(m, c, MIDGE_BAD_PROTOCOL, text);
        log_conn_say(m, c, MIDGE_ERR, text);
        return true;
    }
    if (told->protocol == 1)
        c->flags |= CONN_ASYNC_INFO;
    if ((c->flags & CONN_NO_RESPONDERS) && !(c->flags & CONN_HEADERS)) {
        client_end(m, c, MIDGE_NO_RESPONDERS_NEEDS_HEADERS,
                   "no responders requires headers support");
        return true;
    }
    client_ok(m, c);
    return true;
}

bool connect_command(struct midge *m, struct conn *c, const uint8_t *args, uint32_t n) {
    struct connect said = {.flags = c->flags & OPTIONS,
                           .protocol = (c->flags & CONN_ASYNC_INFO) != 0};
    c->auth_due = false;
    c->rtt_us = (uint32_t)(m->now.us - c->started_us);
    client_first_ping(m, c);
    bool done = true;
    if (read_connect(m, args, n, &said))
        done = admit(m, c, &said);
    else
        client_breach(m, c, "CONNECT Parse Error", NULL, 0);
    secret_wipe(m->line, n);
    return done;
}

// Who takes an NKey for want of a name must send a CONNECT, as with nats-server.
static bool needs_connect(const struct midge *m, const struct conn *c) {
#if MIDGE_NKEYS
    return c->user != 0 && m->config->users[c->user - 1].nkey != 0;
#else
    (void)m;
    (void)c;
    return false;
#endif
}

bool connect_unasked(struct midge *m, struct conn *c) {
    static const struct credentials nobody;
    if (m->config->no_auth_user != 0 && m->rooms->authenticate(m, c, &nobody) == ADMITTED &&
        !needs_connect(m, c)) {
        keep_login(m, c, &nobody);
        c->auth_due = false;
        c->flags |= CONN_ADMITTED;
        return true;
    }
    connect_refuse(m, c);
    return false;
}
