// Whose handshake goes on next. They are long, so a port lets one of them go on in each turn: in
// the order in which their peers were heard, except that of one address no more than
// MIDGE_TLS_HANDSHAKES are under way. So whoever floods a broker with them delays his own.

#ifndef PORT_HANDSHAKES_H
#define PORT_HANDSHAKES_H

#include "broker/broker.h"

// Before all else, with a number that nobody can guess.
void handshakes_begin(uint32_t seed);

// A connection's handshake waits for its turn: it begins, or its peer was heard.
void handshakes_add(struct midge *m, midge_conn c, const struct midge_peer *peer);

// Takes the next one, which is then under way, or MIDGE_NONE where none may go on.
midge_conn handshakes_next(struct midge *m);

// Whether handshakes_next may have an answer: the port then does not wait.
bool handshakes_ready(void);

// A connection's handshake is over, or the connection is; harmless where it had none.
void handshakes_end(midge_conn c);

#endif
