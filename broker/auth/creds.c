#include "broker/auth/creds.h"

#include <string.h>

#include "broker/broker.h"
#include "broker/core/secret.h"

#if MIDGE_NKEYS

static bool is_blank(uint8_t b) {
    return b == ' ' || b == '\t' || b == '\r';
}

// Takes the next line off a text, without the blanks around it.
static const uint8_t *next_line(const uint8_t **text, uint32_t *left, uint32_t *n) {
    const uint8_t *line = *text;
    const uint8_t *end = memchr(line, '\n', *left);
    *n = end != NULL ? (uint32_t)(end - line) : *left;
    uint32_t taken = *n + (end != NULL);
    *text += taken;
    *left -= taken;
    for (; *n > 0 && is_blank(*line); line++)
        --*n;
    while (*n > 0 && is_blank(line[*n - 1]))
        --*n;
    return line;
}

bool creds_read(const uint8_t *text, uint32_t n, struct creds *creds) {
    static const char header[] = "eyJ";  // {" as base64, with which every JWT begins
    bool found = false;
    creds->jwt = NULL;
    creds->jwt_bytes = 0;
    while (n > 0 && !found) {
        uint32_t bytes;
        const uint8_t *line = next_line(&text, &n, &bytes);
        found = nkey_read_seed(NKEY_USER, line, bytes, creds->seed);
        if (!found && bytes >= sizeof header - 1 && memcmp(line, header, sizeof header - 1) == 0) {
            creds->jwt = line;
            creds->jwt_bytes = bytes;
        }
    }
    return found;
}

void creds_sign(const struct midge_config *config, const struct creds *creds, const uint8_t *nonce,
                uint32_t n, char nkey[NKEY_TEXT_BYTES + 1],
                char signature[NKEY_SIGNATURE_TEXT_BYTES + 1]) {
    uint8_t raw[NKEY_SIGNATURE_BYTES];
    uint8_t key[NKEY_BYTES];
    config->sign(creds->seed, nonce, n, raw, key);
    nkey_write(NKEY_USER, key, nkey);
    nkey_write_signature(raw, signature);
}

bool midge_read_seed(const char *text, uint32_t bytes, uint8_t seed[NKEY_BYTES]) {
    struct creds creds;
    bool found = creds_read((const uint8_t *)text, bytes, &creds);
    if (found)
        memcpy(seed, creds.seed, NKEY_BYTES);
    secret_wipe(&creds, sizeof creds);
    return found;
}

void midge_write_nkey(const uint8_t key[NKEY_BYTES], char text[NKEY_TEXT_BYTES + 1]) {
    nkey_write(NKEY_USER, key, text);
}

#endif
