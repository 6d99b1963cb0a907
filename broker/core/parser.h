// From bytes to commands of the client protocol, in whatever pieces they come.
//
// A control line or message that lies whole in the bytes at hand is acted on where it lies. What is
// incomplete is put into blocks of the connection: the arguments of a line, then, reserved whole
// beforehand, its payload. Limits: max_control_line for a line's arguments, max_payload for a
// payload. Follows nats-server's parser.go, its quirks included: what is refused is refused at the
// same byte, however the input was cut.

#ifndef CORE_PARSER_H
#define CORE_PARSER_H

#include <stdint.h>

struct midge;
struct conn;

enum verb {
    VERB_NONE,
    VERB_PUB,
    VERB_HPUB,
    VERB_SUB,
    VERB_UNSUB,
    VERB_CONNECT,
    VERB_INFO,
    VERB_PING,
    VERB_PONG,
    VERB_OK,
    VERB_ERR,
    VERB_COUNT
};

// The verb as it is written.
const char *verb_name(enum verb verb);

// Consumes input as midge_rx does.
uint32_t parser_rx(struct midge *m, struct conn *c, const uint8_t *bytes, uint32_t n);

#endif
