#include "broker/auth/auth.h"

#include "broker/auth/nkey.h"
#include "broker/core/chars.h"
#include "broker/core/credentials.h"
#include "broker/core/log.h"
#include "broker/core/midge.h"
#include "broker/core/secret.h"

static bool same_name(const char *name, const uint8_t *given, uint32_t given_bytes) {
    return strlen(name) == given_bytes && memcmp(name, given, given_bytes) == 0;
}

bool auth_required(const struct midge *m) {
    const struct midge_config *config = m->config;
    return config->username != 0 || config->token != 0 || config->users_count > 0;
}

// Whether a password or token that was given is the configured one.
static bool matches(const struct midge_config *config, midge_text secret, struct word given) {
    const char *text = midge_config_text(config, secret);
    return secret_same(text, (uint32_t)strlen(text), given.bytes, given.n);
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
}

static struct word word_of(const char *text) {
    return (struct word){(const uint8_t *)text, (uint32_t)strlen(text)};
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

static bool check_users(struct midge *m, struct conn *c, const struct credentials *given) {
    const struct midge_config *config = m->config;
    struct word name = given->user;
    bool nobody = given->user.n == 0 && given->password.n == 0 && given->token.n == 0;
#if MIDGE_NKEYS
    if (given->nkey.n > 0 && auth_nonce_required(m))
        return check_nkey(m, c, given);
#endif
    const struct midge_user *user = NULL;
    bool anonymous = nobody && config->no_auth_user != 0;
    if (anonymous) {
        name = word_of(midge_config_text(config, config->no_auth_user));
        user = find_user(config, name, true);
    }
    if (user == NULL)
        user = find_user(config, name, false);
    // An unknown user costs a comparison too.
    bool same = matches(config, user != NULL ? user->password : 0, given->password);
    if (user == NULL || !(same || anonymous) || !may_come(user))
        return false;
    become(config, c, user);
    return true;
}

bool auth_check(struct midge *m, struct conn *c, const struct credentials *given) {
    const struct midge_config *config = m->config;
    c->user = c->permissions = 0;
    if (!auth_required(m))
        return true;
    if (config->users_count > 0)
        return check_users(m, c, given);
    if (config->token != 0)
        return matches(config, config->token, given->token);
    bool known =
        same_name(midge_config_text(config, config->username), given->user.bytes, given->user.n);
    return matches(config, config->password, given->password) && known;
}

static bool same_text(const struct midge_config *a, midge_text x, const struct midge_config *b,
                      midge_text y) {
    return chars_same(midge_config_text(a, x), midge_config_text(b, y));
}

enum auth_verdict auth_again(const struct midge *m, struct conn *c,
                             const struct midge_config *config) {
    const struct midge_config *old = m->config;
    uint32_t was = c->user;
    // Who it is: one of the users, or the single one.
    midge_text name = was != 0 ? old->users[was - 1].name : old->username;
    midge_text password = was != 0 ? old->users[was - 1].password : old->password;
    c->user = c->permissions = 0;
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
