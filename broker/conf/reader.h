// Takes a configuration apart, one pair or element at a time, with each variable and include
// replaced by what it stands for.
//
// No tree is kept: the text itself is the tree, and a key that is in reach as a variable is a
// bookmark into it. What it costs is therefore bounded by the keys of the maps that are open at one
// time, not by the length of the text. As in nats-server, a variable must be defined before its
// use, in the map that holds the use or one around it, or else in the environment; an included text
// sees only its own.
//
// A complaint is `name:line:column: reason`, but without a place where the grammar is broken, which
// ends the reading.

#ifndef CONF_READER_H
#define CONF_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/broker.h"
#include "broker/conf/lex.h"

// A key of a map that is open.
struct definition {
    struct word key;
    struct lexer value;   // where its value begins
    const char *unknown;  // complaint about its key, unless it turns out to be used as a variable
    uint32_t line, column;
    bool complete;  // its value was read to the end
    bool used;
};

// A map or array that is open, or an included text.
struct frame {
    enum lex_place place;
    bool include;
    bool elsewhere;  // it lies not behind what was read before: `back` does
    struct lexer back;
    struct word path;             // of the included text
    uint32_t first;               // its definitions begin here
    uint32_t owner;               // the definition whose value it is, or NO_DEFINITION
    uint32_t hidden, hidden_end;  // definitions out of its sight
};

#define NO_DEFINITION UINT32_MAX

// A pair of a map, or an element of an array.
struct entry {
    struct word key;    // empty in an array
    struct item value;  // of a map or array only the begin: what it holds comes next
    int64_t integer;    // its value, if it is one
    const char *source;
    uint32_t line, column;
    uint32_t definition;
};

struct reader {
    const struct midge_reading *reading;
    struct lexer lx;
    struct word variable;    // the environment variable that is being read
    uint32_t variable_line;  // and where it was used
    uint32_t depth;
    uint32_t definitions;
    uint32_t values_left;  // until variables have multiplied too much
    uint32_t errors;       // that were complained about
    bool failed;           // the grammar is broken
    const char *full;      // the sentence of the limit that was last complained about
    struct frame frame[MIDGE_CONFIG_DEPTH_MAX];
    struct definition definition[MIDGE_CONFIG_KEYS_MAX];
};

void reader_begin(struct reader *r, const struct midge_source *source,
                  const struct midge_reading *reading);

// The next pair or element of what was opened last; false at its end, which closes it. Whoever gets
// a map or an array reads it to its end before going on, or skips it.
bool reader_next(struct reader *r, struct entry *e);
void reader_skip(struct reader *r, const struct entry *e);

// Complains about an entry.
void reader_complain(struct reader *r, const struct entry *e, enum midge_severity severity,
                     const char *sentence, const struct word *words);

// Complains that there is more of something than fits, which the sentence takes. Whatever else is
// too much of it draws no complaint of its own.
void reader_full(struct reader *r, const struct entry *e, const char *sentence, uint32_t most);

// Complains at the end of the map about a key that nobody knows, unless it was used as a variable.
// The sentence takes the key.
void reader_unknown(struct reader *r, const struct entry *e, const char *sentence);

#endif
