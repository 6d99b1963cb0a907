// NKeys, seeds, signatures, .creds files and bcrypt hashes of any bytes: never beyond them, and what
// is read is written as it was.

#include <string.h>

#include "broker/auth/bcrypt.h"
#include "broker/auth/creds.h"
#include "tests/fuzz/rig.h"

static void try_key(const uint8_t *text, uint32_t n) {
    uint8_t key[NKEY_BYTES];
    char again[NKEY_TEXT_BYTES + 1];
    if (!nkey_read(NKEY_USER, text, n, key))
        return;
    nkey_write(NKEY_USER, key, again);
    MUST(n == NKEY_TEXT_BYTES && memcmp(text, again, n) == 0);
}

static void try_signature(const uint8_t *text, uint32_t n) {
    uint8_t signature[NKEY_SIGNATURE_BYTES], read[NKEY_SIGNATURE_BYTES];
    char again[NKEY_SIGNATURE_TEXT_BYTES + 1];
    if (!nkey_read_signature(text, n, signature))
        return;
    nkey_write_signature(signature, again);
    MUST(nkey_read_signature((const uint8_t *)again, NKEY_SIGNATURE_TEXT_BYTES, read));
    MUST(memcmp(signature, read, sizeof read) == 0);
}

static void try_creds(const uint8_t *text, uint32_t n) {
    struct creds creds;
    if (creds_read(text, n, &creds) && creds.jwt != NULL)
        MUST(creds.jwt >= text && creds.jwt + creds.jwt_bytes <= text + n);
}

static void try_hash(const uint8_t *text, uint32_t n) {
    static struct bcrypt b;
    char *hash = malloc(n + 1);
    memcpy(hash, text, n);
    hash[n] = '\0';
    if (bcrypt_is_hash(hash) && bcrypt_begin(&b, hash, text, n) && bcrypt_cost(hash) <= 4) {
        bcrypt_step(&b, 2000);
        bcrypt_matches(&b);
    }
    free(hash);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
    struct feed feed = {bytes, n};
    uint32_t length = (uint32_t)n;
    uint8_t *text = feed_copy(&feed, &length);
    uint8_t seed[NKEY_BYTES];
    try_key(text, length);
    nkey_read_seed(NKEY_USER, text, length, seed);
    try_signature(text, length);
    try_creds(text, length);
    try_hash(text, length);
    free(text);
    return 0;
}
