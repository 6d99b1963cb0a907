// From the text of a configuration to its items: keys, values, and what is wrong with them.
//
// The grammar is nats-server's (conf/lex.go), its oddities included: a bare value ends at a blank,
// a key only at a blank or separator, and a number is a string if it goes on as one. The lexer
// keeps no state but its position, so a copy of it is a bookmark. It refuses to know what a key
// means.

#ifndef CONF_LEX_H
#define CONF_LEX_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/broker.h"
#include "broker/conf/word.h"

struct lexer {
    struct midge_source source;
    uint32_t at;          // the next byte
    uint32_t line;        // from 1
    uint32_t line_start;  // columns count from here: the line end before, or the text's begin
    uint32_t braces;      // open around the whole text, as in JSON
};

enum lex_place { LEX_TOP, LEX_MAP, LEX_ARRAY };

enum item_kind {
    ITEM_ERROR,  // `reason`, whose words are `text` and `also`
    ITEM_END,    // of the text
    ITEM_CLOSE,  // of the map or array
    ITEM_KEY,
    ITEM_INCLUDE,
    ITEM_VARIABLE,
    ITEM_MAP,  // its begin
    ITEM_ARRAY,
    ITEM_TEXT,
    ITEM_BOOL,
    ITEM_INTEGER,  // with its suffix
    ITEM_FLOAT,
    ITEM_TIME,
};

struct item {
    enum item_kind kind;
    const char *escape;  // the first in a text with escapes, or NULL: text_unescape
    uint32_t line, column;
    struct word text;
    struct word also;
    const char *reason;
};

void lex_begin(struct lexer *lx, const struct midge_source *source);

// The next key of a map or of the top level: a key, an include, the end, or an error.
void lex_key(struct lexer *lx, enum lex_place place, struct item *item);

// From the end of a key to its value. False with an error or an end, where there is none.
bool lex_separator(struct lexer *lx, enum lex_place place, struct item *item);

// From the end of an array's element to the next one. False with its close or an error.
bool lex_element(struct lexer *lx, struct item *item);

// The value that begins here. Behind the begin of a map or an array come its first key or element.
void lex_value(struct lexer *lx, struct item *item);

// From the end of a value over what separates it from the next. False with an error.
bool lex_after(struct lexer *lx, enum lex_place place, struct item *item);

// Copies a text without its escapes into `to`, which has room for all of it; answers its length.
uint32_t text_unescape(const struct item *item, char *to);

#endif
