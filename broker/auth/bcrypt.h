// bcrypt (Provos and Mazières, 1999), in slices: a password is hashed by some hundred thousand
// encryptions by Blowfish, of which a turn takes as many as it has time for. Takes what
// golang.org/x/crypto/bcrypt takes: costs of 4 to 31, any letter for the version, and of a password
// its first 72 bytes.

#ifndef AUTH_BCRYPT_H
#define AUTH_BCRYPT_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/core/judge.h"

extern const uint32_t bcrypt_pi[BCRYPT_PI_WORDS];

// Whether a configured password is meant as a hash, and the cost that it names: 0..99.
bool bcrypt_is_hash(const char *password);
uint32_t bcrypt_cost(const char *hash);

// Begins to compare a password with a hash; false where the hash is of no password.
bool bcrypt_begin(struct bcrypt *b, const char *hash, const uint8_t *password, uint32_t n);

// Does about so many encryptions; true once all are done.
bool bcrypt_step(struct bcrypt *b, uint32_t encryptions);

// Whether the password is that of the hash, once all is done.
bool bcrypt_matches(struct bcrypt *b);

#endif
