// Words as the broker must write them, by the simulator's own hand: what Go's %q, time.Duration and
// encoding/json make of bytes and numbers, and how that is read back.

#ifndef SIM_WORDS_H
#define SIM_WORDS_H

#include <stdbool.h>
#include <stdint.h>

// Text that grows up to its room; what exceeds that is cut. It always ends with a NUL.
#define WORDS_MAX_BYTES 4096
struct words {
    uint32_t n;
    char text[WORDS_MAX_BYTES];
};

void words_add(struct words *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
void words_add_bytes(struct words *w, const void *bytes, uint32_t n);

// Quoted as %q does it.
void words_add_quoted(struct words *w, const void *bytes, uint32_t n);

// A duration as Go prints it.
void words_add_duration(struct words *w, uint64_t us);

// An address of 4 or 16 bytes, the latter as RFC 5952 has it.
void words_add_address(struct words *w, const uint8_t *ip, uint32_t bytes);

// Bytes of the UTF-8 sequence that begins here, 0 where there is none.
uint32_t words_rune(const uint8_t *p, uint32_t n);

#endif
