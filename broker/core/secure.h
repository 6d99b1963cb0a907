// A client's way to TLS, and that of monitoring over HTTPS. What it sends first decides whether it
// speaks it, if that is left to it; the port then does the handshake, and midge_secured tells how
// it went. Until then the client is not heard, and neither its auth timeout nor its pings have
// begun. With MIDGE_TLS only.

#ifndef CORE_SECURE_H
#define CORE_SECURE_H

#include <stdbool.h>
#include <stdint.h>

struct midge;
struct conn;

// Greets a client of a broker that has TLS: with INFO, or not before the handshake.
void secure_greet(struct midge *m, struct conn *c);

// Expects TLS at once, from whoever asks for a page.
void secure_expect(struct midge *m, struct conn *c);

// Consumes input as midge_rx does, the first of it with that decision.
uint32_t secure_rx(struct midge *m, struct conn *c, const uint8_t *bytes, uint32_t n);

// Whether the client is still on its way; if so, does what is due.
bool secure_tick(struct midge *m, struct conn *c);

// The members that INFO has of TLS, with a comma before each.
const char *secure_info(const struct midge *m, const struct conn *c);

// What there is to show of the certificate with this index that a client has shown. False where it
// has not shown so many.
struct secure_shown {
    uint8_t key_sha256[32], sha256[32];
    uint8_t subject[512];
    uint32_t subject_bytes;
};
bool secure_shown(const struct midge *m, const struct conn *c, uint32_t index,
                  struct secure_shown *shown);

// Bytes in lower-case hex, and a NUL.
void secure_hex(const uint8_t *bytes, uint32_t n, char *text);

// The name of a cipher suite.
const char *secure_cipher(uint16_t cipher);

#endif
