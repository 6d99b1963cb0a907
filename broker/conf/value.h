// The values of a configuration: what was expected and what came, and where texts are kept.

#ifndef CONF_VALUE_H
#define CONF_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/broker.h"
#include "broker/conf/reader.h"

// Complains about an entry. The sentence takes its key.
void value_complain(struct reader *r, const struct entry *e, const char *sentence);

// Whether an entry's value is of this kind. Complains and skips it if not: in a sentence of its
// own, which takes the value, or in the common one where that is NULL.
bool value_expect(struct reader *r, const struct entry *e, enum item_kind kind,
                  const char *sentence);

// Complains about an entry whose value is of no use, and skips it. The sentence takes what Go calls
// its type.
void value_refuse(struct reader *r, const struct entry *e, const char *sentence);

// The value as a complaint shows it; an integer's digits are put into `digits`.
struct word value_word(struct reader *r, const struct entry *e, char digits[DIGITS_MAX]);

// What Go calls its type, for nats-server's sentences.
struct word value_go_type(const struct entry *e);

// Whether a boolean is one of true, yes and on.
bool value_true(const struct entry *e);

// A text's value without its escapes. Valid until the next text is kept: where there are escapes,
// it lies in the free part of the arena.
struct word value_text(struct reader *r, const struct entry *e);

// Keeps a text in the arena. Where it has no room: the empty text, and a complaint.
midge_text value_keep(struct reader *r, const struct entry *e, struct word text);

// Splits `host:port` or `[address]:port`. Answers NULL, or what is wrong, in the words of Go's net
// package. Both parts may be empty.
extern const char value_no_port[];
const char *value_address(struct word text, struct word *host, struct word *port);

#endif
