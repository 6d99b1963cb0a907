// Subjects: tokens separated by dots, where `*` stands for one token and a last `>` for one or
// more. Bytes are compared as they are; no byte but the dot is special, and only a whole token is a
// wildcard. Follows nats-server's IsValidSubject, IsValidLiteralSubject and SubjectsCollide.

#ifndef CORE_SUBJECT_H
#define CORE_SUBJECT_H

#include <stdbool.h>
#include <stdint.h>

// A subject fit for a subscription: no empty token, `>` only at the end.
bool subject_valid(const uint8_t *s, uint32_t n);

// A valid subject without wildcards.
bool subject_literal(const uint8_t *s, uint32_t n);

// Whether a pattern matches a subject, whose tokens are all taken literally. A subject with an
// empty token matches nothing.
bool subject_matches(const uint8_t *pattern, uint32_t pattern_bytes, const uint8_t *s, uint32_t n);

// Whether a pattern admits every subject that `s` can stand for: as subject_matches, but that a `>`
// of `s` is more than one `*` admits.
bool subject_covers(const uint8_t *pattern, uint32_t pattern_bytes, const uint8_t *s, uint32_t n);

// Whether some literal subject matches both.
bool subject_overlaps(const uint8_t *a, uint32_t a_bytes, const uint8_t *b, uint32_t b_bytes);

// The number of tokens.
uint32_t subject_tokens(const uint8_t *s, uint32_t n);

#endif
