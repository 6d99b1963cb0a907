// Takes a configuration apart, one pair or element at a time, with each variable and include
// replaced by what it stands for, where the build has them.
//
// No tree is kept: the text itself is the tree. What reading costs is therefore bounded by how deep
// the text is nested, and with variables by the keys of the maps that are open at one time.
//
// A complaint is `name:line:column: reason`. In nats-server's words there is no place in it where
// the grammar is broken, which ends the reading.

#ifndef CONF_READER_H
#define CONF_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/broker.h"
#include "broker/conf/lex.h"
#include "broker/conf/number.h"

struct place {
    const char *source;
    uint32_t line, column;
};

// A pair of a map, or an element of an array.
struct entry {
    struct place at;
    struct word key;    // empty in an array
    struct item value;  // of a map or array only the begin: what it holds comes next
    number_t integer;   // its value, if it is one
#if MIDGE_CONFIG_HUB
    uint32_t definition;
#endif
};

#if MIDGE_CONFIG_HUB
// A key of a map that is open.
struct definition {
    struct word key;
    struct lexer value;   // where its value begins
    const char *unknown;  // complaint about its key, unless it turns out to be used as a variable
    struct place at;
    bool complete;  // its value was read to the end
    bool used;
};

// What else is to be known of a map or array that is open, or an included text.
struct scope {
    bool include;
    bool elsewhere;  // it lies not behind what was read before: `back` does
    struct lexer back;
    struct word path;             // of the included text
    uint32_t first;               // its definitions begin here
    uint32_t owner;               // the definition whose value it is, or NO_DEFINITION
    uint32_t hidden, hidden_end;  // definitions out of its sight
};

#define NO_DEFINITION UINT32_MAX

// What variables and includes take to read.
struct references {
    struct word variable;    // the environment variable that is being read
    uint32_t variable_line;  // and where it was used
    uint32_t definitions;
    uint32_t values_left;  // until variables have multiplied too much
    struct scope scope[MIDGE_CONFIG_DEPTH_MAX];
    struct definition definition[MIDGE_CONFIG_KEYS_MAX];
};
#endif

struct reader {
    const struct midge_reading *reading;
    struct midge_config *config;  // that is filled
    struct lexer lx;
    uint32_t errors;   // that were complained about
    const char *full;  // of what there is too much, as was last complained
    uint8_t depth;
    bool failed;                            // the grammar is broken
    uint8_t place[MIDGE_CONFIG_DEPTH_MAX];  // enum lex_place of the maps and arrays that are open
#if MIDGE_CONFIG_HUB
    struct references references;
#endif
};

void reader_begin(struct reader *r, const struct midge_source *source, struct midge_config *config,
                  const struct midge_reading *reading);

// The next pair or element of what was opened last; false at its end, which closes it and leaves
// the last pair as it is. Whoever gets a map or an array reads it to its end before going on, or
// skips it.
bool reader_next(struct reader *r, struct entry *e);
void reader_skip(struct reader *r, const struct entry *e);

// Says something of a place; and complains, with MIDGE_ERROR.
void reader_say(struct reader *r, const struct place *at, enum midge_severity severity,
                const char *sentence, const struct word *words);
void reader_complain(struct reader *r, const struct place *at, const char *sentence,
                     const struct word *words);

// Complains that there are more than so many of something. Whatever else is too much of it draws no
// complaint of its own.
void reader_full(struct reader *r, const struct entry *e, uint32_t most, const char *what);

// Complains about a key that nobody knows: where there are variables at the end of the map, unless
// it was used as one. The sentence takes the key.
void reader_unknown(struct reader *r, const struct entry *e, const char *sentence);

// Ends the reading, at an item. Answers false.
bool reader_fail(struct reader *r, const struct item *at, const char *sentence,
                 const struct word *words);
bool reader_fail_syntax(struct reader *r, const struct item *error);

// Opens a map, an array or, for what includes it, a text.
bool reader_enter(struct reader *r, enum lex_place place, const struct item *at);

#endif
