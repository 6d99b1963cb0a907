#include "broker/auth/auth.h"

#include "broker/auth/bcrypt.h"
#include "broker/auth/dn.h"
#include "broker/auth/nkey.h"
#include "broker/auth/offence.h"
#include "broker/core/chars.h"
#include "broker/core/credentials.h"
#include "broker/core/log.h"
#include "broker/core/midge.h"
#include "broker/core/secret.h"

// How long a connection may wait for its address to be heard again.
#define DELAY_MAX_US 40000000u

static bool same_name(const char *name, const uint8_t *given, uint32_t given_bytes) {
    return strlen(name) == given_bytes && memcmp(name, given, given_bytes) == 0;
}

bool auth_required(const struct midge *m) {
    const struct midge_config *config = m->config;
    return config->username != 0 || config->token != 0 || config->users_count > 0;
}

#if MIDGE_BCRYPT_COST_MAX > 0

static void end_turn(struct midge *m) {
    secret_wipe(&m->bcrypt, sizeof m->bcrypt);
    m->judged = MIDGE_NONE;
    m->hashing = false;
}

// Compares a password with a hash, one at a time: whoever comes meanwhile waits for his turn.
static enum admission hash(struct midge *m, struct conn *c, const char *hash, struct word given) {
    if (c->flags & CONN_JUDGED) {
        bool proven = (c->flags & CONN_PROVEN) != 0;
        c->flags &= ~(uint32_t)(CONN_JUDGED | CONN_PROVEN);
        return proven ? ADMITTED : REFUSED;
    }
    if (m->judged == MIDGE_NONE)
        m->judged = conn_handle(m, c);
    if (m->judged == conn_handle(m, c)) {
        if (!bcrypt_begin(&m->bcrypt, hash, given.bytes, given.n)) {
            end_turn(m);
            return REFUSED;
        }
        m->hashing = true;
    }
    conn_judge_in_turn(m, c);
    return UNDECIDED;
}

static void next_turn(struct midge *m) {
    if (m->judged != MIDGE_NONE || m->lists[LIST_JUDGING].head == 0)
        return;
    struct conn *c = &m->connections[m->lists[LIST_JUDGING].head];
    m->judged = conn_handle(m, c);
    conn_judged(m, c);
}

void auth_reload(struct midge *m) {
    for (uint32_t i = 1; i <= m->pools[POOL_connections].fresh; i++)
        m->connections[i].flags &= ~(uint32_t)(CONN_JUDGED | CONN_PROVEN);
    struct conn *c = conn_of(m, m->judged);
    end_turn(m);
    if (c != NULL)
        conn_judged(m, c);
}

bool auth_turn(struct midge *m) {
    struct conn *c = conn_of(m, m->judged);
    if (m->judged != MIDGE_NONE && (c == NULL || (c->flags & CONN_CLOSING))) {
        end_turn(m);
    } else if (m->hashing && bcrypt_step(&m->bcrypt, MIDGE_BCRYPT_SLICE)) {
        c->flags |= CONN_JUDGED | (bcrypt_matches(&m->bcrypt) ? CONN_PROVEN : 0);
        end_turn(m);
        conn_judged(m, c);
    }
    next_turn(m);
    return m->hashing;
}

#endif

// Whether a password or token that was given is the configured one.
static enum admission match_secret(struct midge *m, struct conn *c, midge_text secret,
                                   struct word given) {
    const char *text = midge_config_text(m->config, secret);
#if MIDGE_BCRYPT_COST_MAX > 0
    if (bcrypt_is_hash(text))
        return hash(m, c, text, given);
#else
    (void)c;
#endif
    return secret_same(text, (uint32_t)strlen(text), given.bytes, given.n) ? ADMITTED : REFUSED;
}

static bool has_nkey(const struct midge_user *user) {
#if MIDGE_NKEYS
    return user->nkey != 0;
#else
    (void)user;
    return false;
#endif
}

// Whether it may come by the kind of connection that clients have.
static bool may_come(const struct midge_user *user) {
#if MIDGE_NKEYS
    return user->kinds == 0 || (user->kinds & MIDGE_BY_STANDARD);
#else
    (void)user;
    return true;
#endif
}

static const struct midge_user *find_user(const struct midge_config *config, struct word name,
                                          bool nkey) {
    for (uint32_t i = 0; i < config->users_count; i++) {
        const struct midge_user *user = &config->users[i];
        if (has_nkey(user) == nkey &&
            same_name(midge_config_text(config, user->name), name.bytes, name.n))
            return user;
    }
    return NULL;
}

static void become(const struct midge_config *config, struct conn *c,
                   const struct midge_user *user) {
    c->user = (uint16_t)(1 + (user - config->users));
    c->permissions = (uint16_t)user->permissions;
#if MIDGE_RESPONSES_MAX > 0
    if (c->permissions != 0 && config->permissions[c->permissions - 1].responses != 0)
        c->flags |= CONN_ANSWERS;
#endif
}

static struct word word_of(const char *text) {
    return (struct word){(const uint8_t *)text, (uint32_t)strlen(text)};
}

#if MIDGE_TLS

static uint16_t number_of(const struct midge_config *config, const struct midge_user *user) {
    return (uint16_t)(user == NULL ? 0 : 1 + (user - config->users));
}

static const struct midge_user *find_distinguished(const struct midge_config *config,
                                                   const struct midge_tls_name *name) {
    struct dn given, known;
    if (!dn_parse(&given, name->bytes, name->n))
        return NULL;
    for (int any_order = 0; any_order < 2; any_order++) {
        for (uint32_t i = 0; i < config->users_count; i++) {
            const char *text = midge_config_text(config, config->users[i].name);
            if (dn_parse(&known, text, (uint32_t)strlen(text)) &&
                dn_same(&known, &given, any_order == 1))
                return &config->users[i];
        }
    }
    return NULL;
}

uint16_t auth_identify(const struct midge *m, const struct midge_tls *tls) {
    const struct midge_config *config = m->config;
    if (!MIDGE_TLS_VERIFY || !config->tls.verify_and_map)
        return 0;
    for (uint32_t i = 0; i < tls->names_count; i++) {
        const struct midge_tls_name *name = &tls->names[i];
        const struct midge_user *user =
            name->kind == MIDGE_TLS_DISTINGUISHED
                ? find_distinguished(config, name)
                : find_user(config, (struct word){(const uint8_t *)name->bytes, name->n}, false);
        if (user != NULL)
            return number_of(config, user);
    }
    return 0;
}

uint16_t auth_identified(const struct midge *m, const struct conn *c,
                         const struct midge_config *config) {
    if (c->certified == 0)
        return 0;
    const char *name = midge_config_text(m->config, m->config->users[c->certified - 1].name);
    return number_of(config, find_user(config, word_of(name), false));
}

#endif

static void become_nobody(struct midge *m, struct conn *c) {
#if MIDGE_RESPONSES_MAX > 0
    response_forget(m, c);
#else
    (void)m;
#endif
    c->user = c->permissions = 0;
}

#if MIDGE_NKEYS

bool auth_nonce_required(const struct midge *m) {
    const struct midge_config *config = m->config;
    for (uint32_t i = 0; i < config->users_count; i++) {
        if (config->users[i].nkey != 0)
            return true;
    }
    return false;
}

// What is wrong with the signature of a nonce, NULL where nothing is.
static const char *refute(const struct midge_config *config, const struct conn *c,
                          const struct credentials *given) {
    uint8_t key[NKEY_BYTES];
    uint8_t signature[NKEY_SIGNATURE_BYTES];
    if (given->signature.n == 0)
        return "Signature missing";
    if (!nkey_read_signature(given->signature.bytes, given->signature.n, signature))
        return "Signature not valid base64";
    bool good = c->nonce[0] != 0 && config->verify != NULL &&
                nkey_read(NKEY_USER, given->nkey.bytes, given->nkey.n, key) &&
                config->verify(signature, c->nonce, NONCE_BYTES, key);
    secret_wipe(signature, sizeof signature);
    return good ? NULL : "Signature not verified";
}

// Who names a key must hold it, unless everybody may use it who says nothing.
static bool check_nkey(struct midge *m, struct conn *c, const struct credentials *given) {
    const struct midge_config *config = m->config;
    const struct midge_user *user = find_user(config, given->nkey, true);
    if (user == NULL || !may_come(user))
        return false;
    const char *anonymous = midge_config_text(config, config->no_auth_user);
    if (!same_name(anonymous, given->nkey.bytes, given->nkey.n)) {
        const char *wrong = refute(config, c, given);
        if (wrong != NULL) {
            if (debugging(m))
                log_conn_say(m, c, MIDGE_DBG, wrong);
            return false;
        }
    }
    become(config, c, user);
    return true;
}

#endif

static enum admission check_users(struct midge *m, struct conn *c, const struct credentials *given,
                                  bool nobody) {
    const struct midge_config *config = m->config;
    struct word name = given->user;
#if MIDGE_NKEYS
    if (given->nkey.n > 0 && auth_nonce_required(m))
        return check_nkey(m, c, given) ? ADMITTED : REFUSED;
#endif
    const struct midge_user *user = NULL;
    if (nobody) {
        name = word_of(midge_config_text(config, config->no_auth_user));
        user = find_user(config, name, true);
    }
    if (user == NULL)
        user = find_user(config, name, false);
    // An unknown user costs a comparison too.
    enum admission admission = ADMITTED;
    if (!nobody)
        admission = match_secret(m, c, user != NULL ? user->password : 0, given->password);
    if (user == NULL || !may_come(user))
        return REFUSED;
    if (admission == ADMITTED)
        become(config, c, user);
    return admission;
}

static enum admission check(struct midge *m, struct conn *c, const struct credentials *given,
                            bool nobody) {
    const struct midge_config *config = m->config;
#if MIDGE_TLS && MIDGE_TLS_VERIFY
    if (config->users_count > 0 && config->tls.verify_and_map) {
        const struct midge_user *user = c->certified != 0 ? &config->users[c->certified - 1] : NULL;
        if (user == NULL || !may_come(user))
            return REFUSED;
        become(config, c, user);
        return ADMITTED;
    }
#endif
    if (config->users_count > 0)
        return check_users(m, c, given, nobody);
    if (config->token != 0)
        return match_secret(m, c, config->token, given->token);
    bool known =
        same_name(midge_config_text(config, config->username), given->user.bytes, given->user.n);
    enum admission admission = match_secret(m, c, config->password, given->password);
    return known ? admission : REFUSED;
}

// Whether a client of this address is heard now. In the end it is told to come again, so that it
// does not keep a connection from others.
static enum admission delay(struct midge *m, struct conn *c, bool nobody) {
#if MIDGE_BCRYPT_COST_MAX > 0
    if (m->judged == conn_handle(m, c) && !m->hashing)
        m->judged = MIDGE_NONE;  // it may not need its turn any more
#endif
#if MIDGE_OFFENDERS_MAX > 0
    uint32_t wait_ms = nobody || (c->flags & CONN_JUDGED) ? 0 : offence_wait(m, &c->peer);
    if (wait_ms == 0)
        return ADMITTED;
    if (!(c->flags & CONN_ADMITTED) && m->now.us - c->started_us > DELAY_MAX_US)
        return REFUSED;
    conn_judge_at(m, c, m->now.ms + wait_ms);
    return UNDECIDED;
#else
    (void)m;
    (void)c;
    (void)nobody;
    return ADMITTED;
#endif
}

enum admission auth_check(struct midge *m, struct conn *c, const struct credentials *given) {
    become_nobody(m, c);
    if (!auth_required(m))
        return ADMITTED;
    bool nobody = m->config->no_auth_user != 0 && given->user.n == 0 && given->password.n == 0 &&
                  given->token.n == 0;
#if MIDGE_NKEYS
    nobody = nobody && (given->nkey.n == 0 || !auth_nonce_required(m));
#endif
    enum admission admission = delay(m, c, nobody);
    if (admission != ADMITTED)
        return admission;
    admission = check(m, c, given, nobody);
#if MIDGE_OFFENDERS_MAX > 0
    if (admission == REFUSED)
        offence_note(m, &c->peer);
#endif
    return admission;
}

static bool same_text(const struct midge_config *a, midge_text x, const struct midge_config *b,
                      midge_text y) {
    return chars_same(midge_config_text(a, x), midge_config_text(b, y));
}

enum auth_verdict auth_again(struct midge *m, struct conn *c, const struct midge_config *config) {
    const struct midge_config *old = m->config;
    uint32_t was = c->user;
    // Who it is: one of the users, or the single one.
    midge_text name = was != 0 ? old->users[was - 1].name : old->username;
    midge_text password = was != 0 ? old->users[was - 1].password : old->password;
    become_nobody(m, c);
    if (config->users_count > 0) {
        bool nkey = was != 0 && has_nkey(&old->users[was - 1]);
        const struct midge_user *user =
            name == 0 ? NULL : find_user(config, word_of(midge_config_text(old, name)), nkey);
        if (user == NULL)
            return name != 0 ? AUTH_REMOVED : AUTH_REFUSED;
        become(config, c, user);
        bool same = same_text(old, password, config, user->password);
        return same && may_come(user) ? AUTH_STAYS : AUTH_REFUSED;
    }
    if (config->token == 0 && config->username == 0)
        return name != 0 ? AUTH_REMOVED : AUTH_STAYS;
    bool anyone = old->users_count == 0 && old->username == 0 && old->token == 0;
    bool same_token = same_text(old, old->token, config, config->token);
    if (anyone || (old->token != 0 && !same_token))
        return AUTH_REFUSED;
    bool same = same_token && same_text(old, name, config, config->username) &&
                same_text(old, password, config, config->password);
    return same ? AUTH_STAYS : AUTH_REMOVED;
}
