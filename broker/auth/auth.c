#include "broker/auth/auth.h"

#include "broker/core/chars.h"
#include "broker/core/credentials.h"
#include "broker/core/midge.h"

// Whether two secrets are equal; takes as long for a wrong first byte as for a wrong last one.
static bool same_secret(const char *secret, const uint8_t *given, uint32_t given_bytes) {
    uint32_t n = (uint32_t)strlen(secret);
    volatile uint32_t differ = n ^ given_bytes;
    for (uint32_t i = 0; i < given_bytes; i++)
        differ |= (uint8_t)secret[n > 0 ? i % n : 0] ^ given[i];
    return differ == 0;
}

static bool same_name(const char *name, const uint8_t *given, uint32_t given_bytes) {
    return strlen(name) == given_bytes && memcmp(name, given, given_bytes) == 0;
}

bool auth_required(const struct midge *m) {
    const struct midge_config *config = m->config;
    return config->username != 0 || config->token != 0 || config->users_count > 0;
}

static const struct midge_user *find_user(const struct midge_config *config, const uint8_t *name,
                                          uint32_t name_bytes) {
    for (uint32_t i = 0; i < config->users_count; i++) {
        if (same_name(midge_config_text(config, config->users[i].name), name, name_bytes))
            return &config->users[i];
    }
    return NULL;
}

static void become(const struct midge_config *config, struct conn *c,
                   const struct midge_user *user) {
    c->user = (uint16_t)(1 + (user - config->users));
    c->permissions = (uint16_t)user->permissions;
}

static bool check_users(const struct midge_config *config, struct conn *c,
                        const struct credentials *given) {
    struct word name = given->user;
    bool nobody = given->user.n == 0 && given->password.n == 0 && given->token.n == 0;
    bool anonymous = nobody && config->no_auth_user != 0;
    if (anonymous) {
        name.bytes = (const uint8_t *)midge_config_text(config, config->no_auth_user);
        name.n = (uint32_t)strlen((const char *)name.bytes);
    }
    const struct midge_user *user = find_user(config, name.bytes, name.n);
    // An unknown user costs a comparison too.
    const char *secret = midge_config_text(config, user != NULL ? user->password : 0);
    bool same = same_secret(secret, given->password.bytes, given->password.n);
    if (user == NULL || !(same || anonymous))
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
        return check_users(config, c, given);
    if (config->token != 0)
        return same_secret(midge_config_text(config, config->token), given->token.bytes,
                           given->token.n);
    bool known =
        same_name(midge_config_text(config, config->username), given->user.bytes, given->user.n);
    return same_secret(midge_config_text(config, config->password), given->password.bytes,
                       given->password.n) &&
           known;
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
        const char *text = midge_config_text(old, name);
        const struct midge_user *user =
            name == 0 ? NULL : find_user(config, (const uint8_t *)text, (uint32_t)strlen(text));
        if (user == NULL)
            return name != 0 ? AUTH_REMOVED : AUTH_REFUSED;
        become(config, c, user);
        return same_text(old, password, config, user->password) ? AUTH_STAYS : AUTH_REFUSED;
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
