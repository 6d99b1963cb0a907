// Who a connection is: a single user or token, or one of a list of users, each with a password or
// an NKey. Secrets are compared in a time that depends on the given one's length only.

#ifndef AUTH_AUTH_H
#define AUTH_AUTH_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/limits.h"

#include "broker/core/midge.h"

struct midge;
struct midge_config;
struct midge_tls;
struct conn;
struct credentials;

// Whether any authentication is configured.
bool auth_required(const struct midge *m);

#if MIDGE_NKEYS
// Whether one of the users has an NKey, so that clients are given a nonce to sign.
bool auth_nonce_required(const struct midge *m);
#endif

// Admits a connection and sets its user and permissions, refuses it, or has it wait until a
// password was hashed. Without credentials it is the configured no_auth_user, if there is one.
enum admission auth_check(struct midge *m, struct conn *c, const struct credentials *given);

#if MIDGE_BCRYPT_COST_MAX > 0
// Hashes on, for about a millisecond. Whether there is more to do at once.
bool auth_turn(struct midge *m);

// The configuration is another: what was hashed does not count any more.
void auth_reload(struct midge *m);
#endif

#if MIDGE_TLS
// The user that a peer's certificate names: by its e-mail addresses, its names, its URIs or its
// subject, the first that there is. 1 + index, or 0 for none. What nats-server looks for, in its
// order; subjects are equal in any order of their parts.
uint16_t auth_identify(const struct midge *m, const struct midge_tls *tls);

// The same user in a new configuration.
uint16_t auth_identified(const struct midge *m, const struct conn *c,
                         const struct midge_config *config);
#endif

// What a new configuration, which is about to replace the broker's, means for a connection that was
// admitted under the old one. Where it may stay, its user and permissions are the new ones.
enum auth_verdict {
    AUTH_STAYS,
    AUTH_REMOVED,  // its user is no more
    AUTH_REFUSED,  // it would not be admitted again
};

enum auth_verdict auth_again(struct midge *m, struct conn *c, const struct midge_config *config);

#endif
