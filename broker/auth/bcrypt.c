#include "broker/auth/bcrypt.h"

#include <string.h>

#include "broker/core/chars.h"
#include "broker/core/secret.h"

#define SALT_AT 7  // behind $2a$10$
#define SALT_CHARS 22
#define COST_MIN 4
#define COST_MAX 31

// ---- Text ---------------------------------------------------------------------------------------

static const char digits[] = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

bool bcrypt_is_hash(const char *p) {
    if (p[0] != '$' || p[1] != '2' || p[2] == '\0' || chars_find("abxy", p[2]) == NULL ||
        p[3] != '$')
        return false;
    return p[4] >= '0' && p[4] <= '9' && p[5] >= '0' && p[5] <= '9' && p[6] == '$';
}

uint32_t bcrypt_cost(const char *hash) {
    return (uint32_t)(hash[4] - '0') * 10 + (uint32_t)(hash[5] - '0');
}

// Reads the 16 bytes of a salt as four words. The last digit has four bits too many.
static bool read_salt(const char *text, uint32_t salt[4]) {
    uint8_t raw[SALT_CHARS];
    for (uint32_t i = 0; i < SALT_CHARS; i++) {
        const char *digit = text[i] == '\0' ? NULL : chars_find(digits, text[i]);
        if (digit == NULL)
            return false;
        raw[i] = (uint8_t)(digit - digits);
    }
    for (uint32_t word = 0; word < 4; word++) {
        salt[word] = 0;
        for (uint32_t bit = word * 32; bit < word * 32 + 32; bit++)
            salt[word] = salt[word] << 1 | (raw[bit / 6] >> (5 - bit % 6) & 1u);
    }
    return true;
}

// Writes 23 bytes as digits of six bits.
static void write_hash(const uint8_t *raw, char text[BCRYPT_HASH_CHARS]) {
    for (uint32_t i = 0; i < BCRYPT_HASH_CHARS; i++) {
        uint32_t at = i * 6 / 8;
        uint32_t pair = (uint32_t)raw[at] << 8 | (at < 22 ? raw[at + 1] : 0u);
        text[i] = digits[pair >> (10 - i * 6 % 8) & 63];
    }
}

// ---- Blowfish -----------------------------------------------------------------------------------

static inline uint32_t mix(const struct bcrypt *b, uint32_t x) {
    return ((b->s[0][x >> 24] + b->s[1][x >> 16 & 255]) ^ b->s[2][x >> 8 & 255]) + b->s[3][x & 255];
}

static void encrypt(struct bcrypt *b) {
    uint32_t left = b->left;
    uint32_t right = b->right;
    for (uint32_t i = 0; i < 16; i += 2) {
        left ^= b->p[i];
        right ^= mix(b, left) ^ b->p[i + 1];
        left ^= mix(b, right);
    }
    b->left = right ^ b->p[17];
    b->right = left ^ b->p[16];
}

// ---- The comparison -----------------------------------------------------------------------------

static void begin_pass(struct bcrypt *b) {
    bool by_salt = !b->salted && (b->passes & 1);
    for (uint32_t i = 0; i < BCRYPT_P; i++)
        b->p[i] ^= by_salt ? b->salt[i & 3] : b->key[i];
    b->left = b->right = b->at = 0;
}

bool bcrypt_begin(struct bcrypt *b, const char *hash, const uint8_t *password, uint32_t n) {
    uint32_t cost = bcrypt_cost(hash);
    if (cost < COST_MIN || cost > COST_MAX || !read_salt(hash + SALT_AT, b->salt))
        return false;
    const char *end = hash + SALT_AT + SALT_CHARS;
    for (uint32_t i = 0; i < BCRYPT_HASH_CHARS; i++) {
        if (end[i] == '\0')
            return false;
        b->hash[i] = end[i];
    }
    memcpy(b->words, bcrypt_pi, sizeof b->words);
    // A NUL belongs to the password.
    for (uint32_t i = 0, at = 0; i < BCRYPT_P * 4; i++, at = at == n ? 0 : at + 1)
        b->key[i / 4] = b->key[i / 4] << 8 | (at < n ? password[at] : 0u);
    b->passes = (uint64_t)2 << cost;
    b->salted = true;
    begin_pass(b);
    return true;
}

bool bcrypt_step(struct bcrypt *b, uint32_t encryptions) {
    for (; encryptions > 0; encryptions--) {
        if (b->at == BCRYPT_PI_WORDS) {
            b->passes -= !b->salted;
            b->salted = false;
            if (b->passes == 0)
                return true;
            begin_pass(b);
        }
        if (b->salted) {
            b->left ^= b->salt[b->at & 2];
            b->right ^= b->salt[(b->at & 2) + 1];
        }
        encrypt(b);
        b->words[b->at++] = b->left;
        b->words[b->at++] = b->right;
    }
    return false;
}

bool bcrypt_matches(struct bcrypt *b) {
    static const char magic[] = "OrpheanBeholderScryDoubt";
    uint8_t raw[24];
    char text[BCRYPT_HASH_CHARS];
    for (uint32_t i = 0; i < sizeof raw; i += 8) {
        b->left = b->right = 0;
        for (uint32_t k = 0; k < 4; k++) {
            b->left = b->left << 8 | (uint8_t)magic[i + k];
            b->right = b->right << 8 | (uint8_t)magic[i + 4 + k];
        }
        for (uint32_t times = 0; times < 64; times++)
            encrypt(b);
        for (uint32_t k = 0; k < 4; k++) {
            raw[i + k] = (uint8_t)(b->left >> (24 - 8 * k));
            raw[i + 4 + k] = (uint8_t)(b->right >> (24 - 8 * k));
        }
    }
    write_hash(raw, text);
    return secret_same(b->hash, BCRYPT_HASH_CHARS, (const uint8_t *)text, BCRYPT_HASH_CHARS);
}
