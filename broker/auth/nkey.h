// NKeys: Ed25519 keys as NATS writes them, and what is signed with them. A key's text is the base32
// of a byte that says whose it is, the key, and their CRC-16; a seed's has a byte more. The curve
// itself is lent by the port (struct midge_config).

#ifndef AUTH_NKEY_H
#define AUTH_NKEY_H

#include <stdbool.h>
#include <stdint.h>

#define NKEY_BYTES 32
#define NKEY_TEXT_BYTES 56
#define NKEY_SEED_TEXT_BYTES 58
#define NKEY_SIGNATURE_BYTES 64
#define NKEY_SIGNATURE_TEXT_BYTES 86

// Whose key it is: the letter that its text begins with.
enum nkey_kind {
    NKEY_SERVER = 13 << 3,  // N
    NKEY_USER = 20 << 3,    // U
};

// Writes a public key's text, with a NUL behind it.
void nkey_write(enum nkey_kind kind, const uint8_t key[NKEY_BYTES], char text[NKEY_TEXT_BYTES + 1]);

// Reads a public key of this kind. False, and the key undefined, where the text is none.
bool nkey_read(enum nkey_kind kind, const uint8_t *text, uint32_t n, uint8_t key[NKEY_BYTES]);

// Likewise a seed, out of which the key pair is made.
bool nkey_read_seed(enum nkey_kind kind, const uint8_t *text, uint32_t n, uint8_t seed[NKEY_BYTES]);

// Reads a signature: base64 for URLs without padding, or else the standard one with it.
bool nkey_read_signature(const uint8_t *text, uint32_t n, uint8_t signature[NKEY_SIGNATURE_BYTES]);

// Writes one, with a NUL behind it.
void nkey_write_signature(const uint8_t signature[NKEY_SIGNATURE_BYTES],
                          char text[NKEY_SIGNATURE_TEXT_BYTES + 1]);

#endif
