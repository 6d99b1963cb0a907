// An HTTP/1 request, read as it arrives (RFC 9112). Kept is its target, in a buffer that the caller
// lends, and 8 bytes of state; header fields are passed over, and a body is not looked at.
//
// http_parse then turns the target, in place, into a path and parameters, decoded as Go's net/url
// does it: `path NUL name NUL value NUL name NUL value NUL ...`. A parameter that is malformed, or
// has no value, is left out. Without MIDGE_MONITOR_HUB nothing is encoded that is asked for, and so
// nothing is decoded.

#ifndef CORE_HTTP_H
#define CORE_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/limits.h"

// Most bytes of a request line and its header fields.
#define HTTP_HEAD_BYTES_MAX 65535

// Requests are counted by endpoint, of which monitoring has so many.
#define HTTP_COUNTERS (MIDGE_MONITOR_HUB ? 12 : 1)

enum http_status {
    HTTP_MORE,  // not an answer: the request is not complete
    HTTP_OK,
    HTTP_BAD_REQUEST,
    HTTP_NOT_FOUND,
    HTTP_TARGET_TOO_LONG,
    HTTP_HEAD_TOO_LARGE,
    HTTP_INTERNAL_ERROR,
    HTTP_VERSION_UNKNOWN,
};

// Begins zeroed.
struct http {
    uint8_t phase;
    bool is_head;           // only the head of the answer is wanted
    uint16_t head_bytes;    // of the whole request so far
    uint16_t target_at;     // where in the buffer the target begins
    uint16_t target_bytes;  // stored
};

// Takes n bytes. HTTP_OK once the request is complete; what follows it is not taken, and head_bytes
// has grown by what was. An error is final. `target` has room for `max` bytes, which the request
// line must fit into.
enum http_status http_read(struct http *h, uint8_t *target, uint32_t max, const uint8_t *bytes,
                           uint32_t n);

// Parses a complete request's target; answers its length as parsed, 0 where the path is malformed.
uint32_t http_parse(const struct http *h, uint8_t *target);

// The value of the first parameter of that name in a parsed target of n bytes; "" for none.
const char *http_parameter(const char *target, uint32_t n, const char *name);

#endif
