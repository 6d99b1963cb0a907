// TLS as a client of the server under test speaks it, by OpenSSL: the version, the order in which
// ciphers are offered, and whether a connection resumes what an earlier one began, are a case's.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct secure_shape {
    const char *version;  // "1.2" or "1.3", NULL for no TLS at all
    const char *ciphers;  // in OpenSSL's words, NULL for its own order
    bool resumes;         // with the ticket of the connection before
};

struct secure;
struct ssl_st;

struct secure *secure_init(const struct secure_shape *shape);

// Begins on a connected socket, in whose clear text nothing is left to read.
struct ssl_st *secure_open(struct secure *secure, int fd);

// Goes on with the handshake. 1 where it is done, 0 where there is nothing to read now.
int secure_handshake(struct secure *secure, struct ssl_st *ssl);

// What was read or written, 0 where that has to wait; the end of the stream and what breaks the
// protocol fail the run. What was not written whole is to be written again from there on.
size_t secure_read(struct ssl_st *ssl, void *to, size_t n);
size_t secure_write(struct ssl_st *ssl, const void *bytes, size_t n);

// How many handshakes have resumed, of all that are done.
uint64_t secure_resumed(const struct secure *secure);

void secure_close(struct ssl_st *ssl);
