#include "broker/auth/nkey.h"

#include <string.h>

#include "broker/core/secret.h"

#define KEY_RAW_BYTES 35   // kind, key, CRC
#define SEED_RAW_BYTES 36  // two bytes of kind, seed, CRC
#define SEED_PREFIX (18u << 3)

// CRC-16 as XMODEM has it, its lower byte first.
static uint16_t crc16(const uint8_t *p, uint32_t n) {
    uint16_t crc = 0;
    for (uint32_t i = 0; i < n; i++) {
        crc ^= (uint16_t)(p[i] << 8);
        for (uint32_t bit = 0; bit < 8; bit++)
            crc = (uint16_t)(crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1);
    }
    return crc;
}

// ---- Digits -------------------------------------------------------------------------------------

static const char base32[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
static const char base64_url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// Writes n bytes as digits of so many bits, the highest first, and a NUL.
static void write_digits(const uint8_t *raw, uint32_t n, const char *alphabet, uint32_t bits,
                         char *text) {
    for (uint32_t bit = 0; bit < n * 8; bit += bits) {
        uint32_t at = bit / 8;
        uint32_t pair = (uint32_t)raw[at] << 8 | (at + 1 < n ? raw[at + 1] : 0u);
        *text++ = alphabet[pair >> (16 - bits - bit % 8) & ((1u << bits) - 1)];
    }
    *text = '\0';
}

// Reads n bytes of as many digits as they take; what bits the last has besides does not matter.
// False where a character is no digit.
static bool read_digits(const uint8_t *text, const char *alphabet, uint32_t bits, uint8_t *raw,
                        uint32_t n) {
    uint32_t held = 0;
    uint32_t held_bits = 0;
    for (uint32_t i = 0; i < n; i++) {
        for (; held_bits < 8; held_bits += bits) {
            const char *digit = memchr(alphabet, *text++, (size_t)1 << bits);
            if (digit == NULL)
                return false;
            held = held << bits | (uint32_t)(digit - alphabet);
        }
        held_bits -= 8;
        raw[i] = (uint8_t)(held >> held_bits);
    }
    return true;
}

// ---- Keys ---------------------------------------------------------------------------------------

static bool crc_holds(const uint8_t *raw, uint32_t n) {
    return crc16(raw, n - 2) == (raw[n - 2] | raw[n - 1] << 8);
}

void nkey_write(enum nkey_kind kind, const uint8_t key[NKEY_BYTES],
                char text[NKEY_TEXT_BYTES + 1]) {
    uint8_t raw[KEY_RAW_BYTES];
    raw[0] = (uint8_t)kind;
    memcpy(raw + 1, key, NKEY_BYTES);
    uint16_t crc = crc16(raw, KEY_RAW_BYTES - 2);
    raw[KEY_RAW_BYTES - 2] = (uint8_t)crc;
    raw[KEY_RAW_BYTES - 1] = (uint8_t)(crc >> 8);
    write_digits(raw, KEY_RAW_BYTES, base32, 5, text);
}

bool nkey_read(enum nkey_kind kind, const uint8_t *text, uint32_t n, uint8_t key[NKEY_BYTES]) {
    uint8_t raw[KEY_RAW_BYTES];
    if (n != NKEY_TEXT_BYTES || !read_digits(text, base32, 5, raw, KEY_RAW_BYTES) ||
        raw[0] != kind || !crc_holds(raw, KEY_RAW_BYTES))
        return false;
    memcpy(key, raw + 1, NKEY_BYTES);
    return true;
}

bool nkey_read_seed(enum nkey_kind kind, const uint8_t *text, uint32_t n,
                    uint8_t seed[NKEY_BYTES]) {
    uint8_t raw[SEED_RAW_BYTES];
    // The kind's five bits stand behind those of a seed.
    bool good = n == NKEY_SEED_TEXT_BYTES && read_digits(text, base32, 5, raw, SEED_RAW_BYTES) &&
                raw[0] == (SEED_PREFIX | (uint32_t)kind >> 5) &&
                raw[1] == ((uint32_t)kind << 3 & 0xff) && crc_holds(raw, SEED_RAW_BYTES);
    if (good)
        memcpy(seed, raw + 2, NKEY_BYTES);
    secret_wipe(raw, sizeof raw);
    return good;
}

// ---- Signatures ---------------------------------------------------------------------------------

bool nkey_read_signature(const uint8_t *text, uint32_t n, uint8_t signature[NKEY_SIGNATURE_BYTES]) {
    if (n == NKEY_SIGNATURE_TEXT_BYTES)
        return read_digits(text, base64_url, 6, signature, NKEY_SIGNATURE_BYTES);
    return n == NKEY_SIGNATURE_TEXT_BYTES + 2 && text[n - 2] == '=' && text[n - 1] == '=' &&
           read_digits(text, base64, 6, signature, NKEY_SIGNATURE_BYTES);
}

void nkey_write_signature(const uint8_t signature[NKEY_SIGNATURE_BYTES],
                          char text[NKEY_SIGNATURE_TEXT_BYTES + 1]) {
    write_digits(signature, NKEY_SIGNATURE_BYTES, base64_url, 6, text);
}
