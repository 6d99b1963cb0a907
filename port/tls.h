// TLS between a port and the broker: received bytes in, bytes to send out. It knows neither sockets
// nor files, so that any port uses it alike.
//
// A connection under TLS holds one of MIDGE_TLS_MAX slots, each with an arena of MIDGE_TLS_BYTES
// that all of its memory comes from; certificates lie in two arenas of their own, since a reload
// prepares one set while the other is in force. Nothing else is ever allocated.
//
// A port goes through it so: it gives received bytes to midge_rx until the broker wishes
// MIDGE_WISH_SECURE, and opens a slot then. While tls_secured is false, received bytes go to
// tls_handshake: it is the one long step, so a port takes one a turn. Afterwards it gives them to
// tls_rx, and has tls_tx send.

#ifndef PORT_TLS_H
#define PORT_TLS_H

#include "port/port.h"

// A slot's number; 0 is none.
typedef uint16_t tls_slot;

// Hands n bytes to the stack, which copies them, and may wait with sending them where there will be
// more. Answers how many it took, 0 where it has no room now, or a negative number where the
// connection is broken.
typedef int32_t (*tls_send)(void *context, const uint8_t *bytes, uint32_t n, bool more);

// Begins with a connection. 0 where every slot is in use.
tls_slot tls_open(midge_conn conn, tls_send send, void *context);

#if MIDGE_TLS_REMOTES > 0
// The same where the connection is a call to the remote with this number, 1..MIDGE_TLS_REMOTES: the
// handshake begins with it, by a first tls_handshake of no bytes. The peer must have a certificate
// that the remote's authorities vouch for, for the host's name, or where that is NULL for its
// address; unless options say `insecure`. The name must stay until the handshake is over.
tls_slot tls_call(midge_conn conn, uint32_t remote, const char *name,
                  const struct midge_peer *address, tls_send send, void *context);
#endif

// Nobody asks the peer for a certificate, whatever the options say; before the handshake begins.
// With MIDGE_TLS_VERIFY only.
void tls_spare(tls_slot slot);

// Ends it without a word.
void tls_close(tls_slot slot);

// Goes on with the handshake: consumes received bytes, sends what is to be sent, and tells the
// broker by midge_secured once it has come to an end. Answers how many of the bytes it consumed:
// all of them, while it is under way. It begins no further step once within_ms have passed, which
// is UINT32_MAX where a processor has all the time.
uint32_t tls_handshake(struct midge *m, tls_slot slot, const uint8_t *bytes, uint32_t n,
                       uint32_t within_ms);

// Whether the handshake can go on without the peer: it was out of time.
bool tls_goes_on(tls_slot slot);

// Whether the handshake has succeeded.
bool tls_secured(tls_slot slot);

// Whether the broker has not consumed all that was decrypted.
bool tls_stalled(tls_slot slot);

// Decrypts received bytes into midge_rx, first what that did not consume before; n may be 0, then
// that is all. Answers how many bytes were consumed: less than n means want of room, as with
// midge_rx. Negative: the connection is closing, or the peer has ended it (TLS_ENDED) or broken the
// protocol (TLS_BROKEN).
enum { TLS_ENDED = -100, TLS_BROKEN = -101 };
int32_t tls_rx(struct midge *m, tls_slot slot, const uint8_t *bytes, uint32_t n);

// Encrypts what the broker has to send, in records as large as there is, and sends it. 1 where all
// is sent, 0 where the stack has no room now, negative where the connection is broken.
int32_t tls_tx(struct midge *m, tls_slot slot);

// Tells the peer that nothing follows.
void tls_end(tls_slot slot);

// Where the wall clock comes to be known, or is set, judges again by it the dates of what those who
// are connected have shown, and refuses whose have passed, or are to come. Once a turn.
void tls_turn(struct midge *m);

// When the first certificate that is shown ends, and when the first of all ends that lie behind it;
// in microseconds since 1970, 0 where there is none.
void tls_ends(uint64_t *certificate_us, uint64_t *first_us);

// What the slots are used for, for /varz.
void tls_usage(struct midge_pool *pool);

#endif
