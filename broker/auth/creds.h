// Who this broker is where it connects to another: what a seed or a `.creds` file says, and what is
// signed with it. Such a file has a user's JWT and his seed, each on a line of its own between
// lines of dashes.

#ifndef AUTH_CREDS_H
#define AUTH_CREDS_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/auth/nkey.h"

struct midge_config;

struct creds {
    const uint8_t *jwt;  // where it lies in the text; NULL for none
    uint32_t jwt_bytes;
    uint8_t seed[NKEY_BYTES];  // to be wiped by whoever had it read
};

// Reads a seed, or a file that holds one. False where there is none.
bool creds_read(const uint8_t *text, uint32_t n, struct creds *creds);

// Signs a nonce: writes the public key, and the signature as a CONNECT has it.
void creds_sign(const struct midge_config *config, const struct creds *creds, const uint8_t *nonce,
                uint32_t n, char nkey[NKEY_TEXT_BYTES + 1],
                char signature[NKEY_SIGNATURE_TEXT_BYTES + 1]);

#endif
