// Text into a buffer: each call appends one thing, or a sentence with what stands in it. What does
// not fit is cut, never overrun; `n` goes on counting only what was written.

#ifndef CORE_FORMAT_H
#define CORE_FORMAT_H

#include <stdarg.h>
#include <stdint.h>
#include <string.h>

struct midge_peer;

struct format {
    uint8_t *to;
    uint32_t n;
    uint32_t max;
};

#define FORMAT(buffer) ((struct format){(uint8_t *)(buffer), 0, sizeof(buffer)})

void format_bytes(struct format *f, const void *bytes, uint32_t n);
void format_text(struct format *f, const char *s);
void format_char(struct format *f, char c);
void format_u64(struct format *f, uint64_t v);

// A sentence, in which %s stands for a text, %u for a uint32_t, and of a struct word, by its
// address, %w for its bytes, %q for them as format_quoted writes them, and %j as format_json does.
void format_say(struct format *f, const char *sentence, ...);
void format_say_these(struct format *f, const char *sentence, va_list values);

// Decimal with at least `digits` digits, zeros in front.
void format_digits(struct format *f, uint32_t v, uint32_t digits);

// v / 10^digits with its fraction, zeros at its end left out.
void format_fraction(struct format *f, uint64_t v, uint32_t digits);

// Quoted as Go's %q does: printable text as it is, the rest by escapes. Bytes that are not UTF-8
// become \x escapes.
void format_quoted(struct format *f, const void *bytes, uint32_t n);

// With the escapes of Go's encoding/json, < > & among them. Cuts none, nor a UTF-8 sequence: stops
// where there may be no room for the next, and answers how many bytes it took.
#define FORMAT_ESCAPED_BYTES_MAX 6
uint32_t format_escaped(struct format *f, const void *bytes, uint32_t n);

// The same, quoted.
void format_json(struct format *f, const void *bytes, uint32_t n);

// A duration as Go prints it: 1h2m3s, 10s, 1.5s, 250ms, 562µs.
void format_duration(struct format *f, uint64_t us);

// The address alone, IPv6 compressed as RFC 5952 says.
void format_ip(struct format *f, const struct midge_peer *peer);

// address:port, IPv6 in brackets.
void format_peer(struct format *f, const struct midge_peer *peer);

// Digits of v at `to`, which has room for 20; answers how many.
uint32_t format_decimal(uint8_t *to, uint64_t v);

#endif
