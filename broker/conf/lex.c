#include "broker/conf/lex.h"

#include "broker/core/chars.h"

#define END 0  // past the text. A NUL in it ends what it interrupts, and is then refused: lex_key

void lex_begin(struct lexer *lx, const struct midge_source *source) {
    *lx = (struct lexer){.source = *source, .line = 1};
}

// The character so far ahead.
static int peek_at(const struct lexer *lx, uint32_t ahead) {
    uint32_t at = lx->at + ahead;
    return at < lx->source.bytes ? (unsigned char)lx->source.text[at] : END;
}

static int peek(const struct lexer *lx) {
    return peek_at(lx, 0);
}

static bool at_end(const struct lexer *lx) {
    return lx->at >= lx->source.bytes;
}

// Passes over a character. At the end there is none.
static void step(struct lexer *lx) {
    if (at_end(lx))
        return;
    if (lx->source.text[lx->at] == '\n') {
        lx->line++;
        lx->line_start = lx->at;
    }
    lx->at++;
}

static bool is_in(int c, const char *set) {
    return c != END && chars_find(set, (char)c) != NULL;
}

#define BLANKS " \t"
#define NEWLINES "\n\r"
#define SPACES BLANKS NEWLINES "\v\f"

static bool is_newline(int c) {
    return is_in(c, NEWLINES);
}

static bool is_digit(int c) {
    return c >= '0' && c <= '9';
}

static bool is_separator(int c) {
    return c == '=' || c == ':';
}

static bool is_suffix(int c) {
    return is_in(c | 0x20, "kmgtpe");
}

#define HEX "0123456789abcdefABCDEF"

// ---- Items --------------------------------------------------------------------------------------

static void begin(const struct lexer *lx, struct item *item) {
    *item = (struct item){
        .column = lx->at - lx->line_start,
        .text = {lx->source.text + lx->at, 0},
    };
}

static void finish(const struct lexer *lx, struct item *item, enum item_kind kind) {
    item->kind = kind;
    item->line = lx->line;
    item->text.bytes = (uint32_t)(lx->source.text + lx->at - item->text.text);
}

// A whole item without text, at the present position.
static void mark(const struct lexer *lx, struct item *item, enum item_kind kind) {
    begin(lx, item);
    finish(lx, item, kind);
}

// The reason is a sentence or what was expected, as SAY has it, in the place of the next character.
// To nats-server that has been read, and so lies behind a new line.
static bool fail(const struct lexer *lx, struct item *item, const char *reason) {
    mark(lx, item, ITEM_ERROR);
    item->reason = reason;
    if (MIDGE_CONFIG_HUB)
        item->line += peek(lx) == '\n';
    return false;
}

// As fail; the sentence's %s is the next character, whole where it has several bytes.
static bool fail_at(const struct lexer *lx, struct item *item, const char *reason) {
    fail(lx, item, reason);
    if (!MIDGE_CONFIG_HUB)
        return false;
    do
        item->text.bytes++;
    while ((peek_at(lx, item->text.bytes) & 0xc0) == 0x80);
    if (peek(lx) == END)
        item->text = word("EOF");
    else if (peek(lx) == '\n')
        item->text = word("\\n");
    return false;
}

// Passes over a comment, if one begins here.
static bool comment(struct lexer *lx) {
    if (peek(lx) != '#' && (peek(lx) != '/' || peek_at(lx, 1) != '/'))
        return false;
    while (!is_newline(peek(lx)) && peek(lx) != END)
        step(lx);
    return true;
}

// Passes over characters of a set and, if asked, comments. Answers the next one.
static int skip(struct lexer *lx, const char *set, bool comments) {
    for (;;) {
        int c = peek(lx);
        if (is_in(c, set))
            step(lx);
        else if (!comments || !comment(lx))
            return c;
    }
}

// Two hexadecimal digits were expected. To nats-server, a line's end before them is another matter.
static bool fail_hex(struct lexer *lx, struct item *item) {
    if (!MIDGE_CONFIG_HUB)
        return fail(lx, item, "two hex digits");
    for (uint32_t i = 0; i < 2; i++) {
        if (is_newline(peek_at(lx, i))) {
            lx->at += i;
            return fail(lx, item,
                        "Expected two hexadecimal digits after '\\x', but hit end of line");
        }
    }
    fail(lx, item, "Expected two hexadecimal digits after '\\x', but got '%s'");
    uint32_t end = lx->at + 2 < lx->source.bytes ? lx->at + 2 : lx->source.bytes;
    item->text = (struct word){lx->source.text + end - 2, 2};
    return false;
}

// A backslash and what follows it in a text.
static bool escape(struct lexer *lx, struct item *item) {
    if (item->escape == NULL)
        item->escape = lx->source.text + lx->at;
    step(lx);
    int c = peek(lx);
    if (!is_in(c, "xtnr\"\\"))
        return fail_at(lx, item,
                       SAY("Invalid escape character '%s'. Only the following escape characters "
                           "are allowed: \\xXX, \\t, \\n, \\r, \\\", \\\\.",
                           "one of x t n r \" \\"));
    step(lx);
    if (c != 'x')
        return true;
    if (!is_in(peek(lx), HEX) || !is_in(peek_at(lx, 1), HEX))
        return fail_hex(lx, item);
    lx->at += 2;
    return true;
}

// The text between a quote and the next, both of which are passed over. Only a value in double
// quotes has escapes. False where there is no next one, or with an error.
static bool quoted(struct lexer *lx, struct item *item, enum item_kind kind, int quote) {
    step(lx);
    begin(lx, item);
    while (peek(lx) != quote) {
        if (peek(lx) == END)
            return false;
        if (peek(lx) != '\\' || quote != '"' || kind != ITEM_TEXT)
            step(lx);
        else if (!escape(lx, item))
            return false;
    }
    finish(lx, item, kind);
    step(lx);
    return true;
}

// ---- Keys ---------------------------------------------------------------------------------------

// The path behind the word `include`.
static void include(struct lexer *lx, struct item *item) {
    int c = skip(lx, BLANKS, false);
    if (c == '\'' || c == '"') {
        if (!quoted(lx, item, ITEM_INCLUDE, c))
            fail(lx, item,
                 c == '"' ? "Unexpected EOF in double quoted include"
                          : "Unexpected EOF in quoted include");
        return;
    }
    const char *found = c == '['                  ? "start of an array"
                        : c == '{'                ? "start of a map"
                        : c == '('                ? "start of a block"
                        : is_digit(c) || c == '-' ? "start of a number"
                        : c == '\\'               ? "escape sequence"
                        : is_newline(c)           ? "new line"
                                                  : NULL;
    if (found != NULL) {
        fail(lx, item, "Expected include value but found %s");
        item->text = word(found);
        return;
    }
    begin(lx, item);
    while (c = peek(lx), c != END && !is_in(c, BLANKS NEWLINES ";}'"))
        step(lx);
    finish(lx, item, ITEM_INCLUDE);
    if (c == '\'')
        step(lx);
}

static void bare_key(struct lexer *lx, enum lex_place place, struct item *item) {
    begin(lx, item);
    do
        step(lx);
    while (!is_in(peek(lx), SPACES) && !is_separator(peek(lx)) && peek(lx) != END);
    if (peek(lx) == END && place == LEX_MAP) {
        fail(lx, item, SAY("Unexpected EOF processing map key.", "a value"));
        return;
    }
    finish(lx, item, ITEM_KEY);
    if (MIDGE_CONFIG_HUB && is_in(peek(lx), SPACES) && word_is(item->text, "include", true))
        include(lx, item);
}

static void quoted_key(struct lexer *lx, enum lex_place place, struct item *item, int quote) {
    if (quoted(lx, item, ITEM_KEY, quote))
        return;
    if (place == LEX_MAP)
        fail(lx, item,
             quote == '"' ? SAY("Unexpected EOF processing double quoted map key.", "a quote")
                          : SAY("Unexpected EOF processing quoted map key.", "a quote"));
    else if (!at_end(lx) || lx->source.text + lx->at > item->text.text)
        fail(lx, item, SAY("Unexpected EOF.", "a quote"));
    else
        mark(lx, item, ITEM_END);
}

void lex_key(struct lexer *lx, enum lex_place place, struct item *item) {
    int c;
    for (;;) {
        c = skip(lx, SPACES, true);
        if (place == LEX_TOP && c == '{')
            lx->braces++;
        else if (place == LEX_TOP && c == '}' && lx->braces > 0)
            lx->braces--;
        else
            break;
        step(lx);
    }
    if (is_separator(c)) {
        fail_at(lx, item,
                place == LEX_MAP ? SAY("Unexpected key separator '%s'.", "a key")
                                 : SAY("Unexpected key separator '%s'", "a key"));
    } else if (c == '"' || c == '\'') {
        quoted_key(lx, place, item, c);
    } else if (place == LEX_MAP && c == '}') {
        step(lx);
        mark(lx, item, ITEM_CLOSE);
    } else if (place == LEX_MAP && c == ']') {
        fail_at(lx, item, SAY("Unexpected array end '%s' processing map.", "a key"));
    } else if (c == END && place == LEX_MAP) {
        fail(lx, item, SAY("Unexpected EOF processing map.", "a key or '}'"));
    } else if (at_end(lx)) {
        mark(lx, item, ITEM_END);
    } else if ((c == END || c == '/') && place == LEX_TOP) {
        fail(lx, item, SAY("Unexpected EOF.", "a key"));
    } else {
        bare_key(lx, place, item);
    }
}

bool lex_separator(struct lexer *lx, enum lex_place place, struct item *item) {
    int c = skip(lx, SPACES, false);
    if (c == END && place == LEX_TOP) {
        mark(lx, item, ITEM_END);
        item->reason = "a value";
        return false;
    }
    if (is_separator(c))
        step(lx);
    if (place == LEX_TOP)
        return true;  // where a new line is not passed over: lex_value refuses it
    c = skip(lx, SPACES, false);
    if (c == ',')
        return fail(lx, item, SAY("Unexpected map value terminator \",\".", "a value"));
    return c != '}' || fail_at(lx, item, SAY("Expected a value but got '%s'.", "a value"));
}

bool lex_element(struct lexer *lx, struct item *item) {
    int c = skip(lx, SPACES, true);
    if (c == ']') {
        step(lx);
        mark(lx, item, ITEM_CLOSE);
        return false;
    }
    return (c != ',' && c != '/') ||
           fail(lx, item, SAY("Unexpected array value terminator ','.", "a value"));
}

bool lex_after(struct lexer *lx, enum lex_place place, struct item *item) {
    int c = skip(lx, BLANKS, true);
    bool last = place == LEX_TOP && lx->braces == 0 && (c == END || c == '}');
    if (is_newline(c) || c == ',' || (c == ';' && place != LEX_ARRAY) || (last && c == '}')) {
        step(lx);
        return true;
    }
    if (last || c == (place == LEX_ARRAY ? ']' : '}'))
        return true;  // for lex_key or lex_element to see
    const char *reason =
        place == LEX_MAP ? SAY("Expected a map value terminator \",\" or a map terminator \"}\", "
                               "but got '%s' instead.",
                               "',' or '}'")
        : place == LEX_ARRAY
            ? SAY("Expected an array value terminator \",\" or an array terminator "
                  "\"]\", but got '%s' instead.",
                  "',' or ']'")
        : lx->braces > 0 ? SAY("Expected a block-level value to end with a new line, comment or "
                               "EOF, but got '%s' instead.",
                               "',' or '}'")
                         : SAY("Expected a top-level value to end with a new line, comment or EOF, "
                               "but got '%s' instead.",
                               "a new line or ','");
    return fail_at(lx, item, reason);
}

// ---- Values -------------------------------------------------------------------------------------

static uint32_t hex_value(char digit) {
    uint32_t value = (uint32_t)(chars_find(HEX, digit) - HEX);
    return value < 16 ? value : value - 6;
}

uint32_t text_unescape(const struct item *item, char *to) {
    uint32_t n = 0;
    const char *end = item->text.text + item->text.bytes;
    for (const char *at = item->text.text; at < end; at++) {
        char c = *at;
        // What made a text of a number is no escape, even if it is a backslash.
        if (c == '\\' && at >= item->escape) {
            c = *++at;
            if (c == 't') {
                c = '\t';
            } else if (c == 'n') {
                c = '\n';
            } else if (c == 'r') {
                c = '\r';
            } else if (c == 'x') {
                c = (char)(hex_value(at[1]) << 4 | hex_value(at[2]));
                at += 2;
            }
        }
        to[n++] = c;
    }
    return n;
}

// A text that ends with a `)` alone on its line.
static void block(struct lexer *lx, struct item *item) {
    begin(lx, item);
    for (;;) {
        int c = peek(lx);
        if (c == END) {
            fail(lx, item, SAY("Unexpected EOF processing block.", "')' alone on a line"));
            return;
        }
        if (c == ')' && lx->source.text[lx->at - 1] == '\n' &&
            (peek_at(lx, 1) == '\n' || peek_at(lx, 1) == END)) {
            finish(lx, item, ITEM_TEXT);
            step(lx);
            return;
        }
        step(lx);
    }
}

// A text without quotes; what lies before the position belongs to it.
static void bare(struct lexer *lx, struct item *item) {
    int c;
    while (c = peek(lx), c != END && !is_in(c, BLANKS NEWLINES ";,]}'")) {
        if (c != '\\')
            step(lx);
        else if (!escape(lx, item))
            return;
    }
    finish(lx, item, ITEM_TEXT);
    if (c == '\'') {
        step(lx);
    } else if (item->escape == NULL && word_is(item->text, "true|false|yes|no|on|off", true)) {
        item->kind = ITEM_BOOL;
    } else if (item->escape == NULL && item->text.bytes > 0 && item->text.text[0] == '$') {
        // Without variables, what means one must not pass for a text.
        item->kind = MIDGE_CONFIG_HUB ? ITEM_VARIABLE : ITEM_ERROR;
        item->reason = "quotes around $";
        item->text.text++;
        item->text.bytes--;
        item->column++;
    }
}

// What may follow a number. The end of an array is not in it, so `[1]` holds the text `1]`.
static bool ends_number(int c) {
    return c == END || is_in(c, BLANKS NEWLINES "};,");
}

// A number with a suffix, the first letter of which was passed over.
static void suffixed(struct lexer *lx, struct item *item) {
    if (ends_number(skip(lx, "bBiI", false)))
        finish(lx, item, ITEM_INTEGER);
    else
        bare(lx, item);
}

static void digits(struct lexer *lx) {
    while (is_digit(peek(lx)))
        step(lx);
}

// A float, or an address if a second dot follows; the first dot was passed over.
static void fraction(struct lexer *lx, struct item *item) {
    if (!is_digit(peek(lx))) {
        fail_at(lx, item,
                SAY("Floats must have a digit after the '.', but got '%s' instead.", "a digit"));
        return;
    }
    digits(lx);
    bool address = peek(lx) == '.';
    if (address)
        skip(lx, "0123456789.:-", false);
    finish(lx, item, address ? ITEM_TEXT : ITEM_FLOAT);
}

// The rest of a time, after its year and the dash.
static void datetime(struct lexer *lx, struct item *item) {
    for (const char *form = "00-00T00:00:00Z"; *form != '\0'; form++) {
        int c = peek(lx);
        if (*form == '0' && !is_digit(c)) {
            fail_at(lx, item, "Expected digit in ISO8601 datetime, but found '%s' instead.");
            return;
        }
        if (*form != '0' && *form != c) {
            fail_at(lx, item, "Expected '%s' in ISO8601 datetime, but found '%s' instead.");
            item->also = item->text;
            item->text = (struct word){form, 1};
            return;
        }
        step(lx);
    }
    finish(lx, item, ITEM_TIME);
}

// An integer, or what turns out to be more than that.
static void number(struct lexer *lx, struct item *item, bool negative) {
    digits(lx);
    int c = peek(lx);
    bool year = lx->source.text + lx->at - item->text.text == 4;
    if (MIDGE_CONFIG_HUB && c == '-' && !negative && !year) {
        fail(lx, item, "All ISO8601 dates must be in full Zulu form.");
    } else if (ends_number(c) || (negative && c != '.' && !is_suffix(c))) {
        finish(lx, item, ITEM_INTEGER);
    } else {
        step(lx);
        if (MIDGE_CONFIG_HUB && c == '-')
            datetime(lx, item);
        else if (c == '.')
            fraction(lx, item);
        else if (is_suffix(c))
            suffixed(lx, item);
        else
            bare(lx, item);
    }
}

void lex_value(struct lexer *lx, struct item *item) {
    int c = skip(lx, BLANKS, false);
    if (c == '[' || c == '{') {
        step(lx);
        mark(lx, item, c == '[' ? ITEM_ARRAY : ITEM_MAP);
    } else if (c == '\'' || c == '"') {
        if (!quoted(lx, item, ITEM_TEXT, c) && item->reason == NULL)
            fail(lx, item, SAY("Unexpected EOF.", "a quote"));
    } else if (c == '(') {
        step(lx);
        block(lx, item);
    } else if (c == '.') {
        fail(lx, item, SAY("Floats must start with a digit", "a digit"));
    } else if (is_newline(c)) {
        fail(lx, item, SAY("Expected value but found new line", "a value"));
    } else {
        begin(lx, item);
        if (c == '-')
            step(lx);
        if (is_digit(peek(lx)))
            number(lx, item, c == '-');
        else if (c != '-')
            bare(lx, item);
        else
            fail_at(lx, item,
                    peek(lx) == '.' ? SAY("Floats must start with a digit, not '.'.", "a digit")
                                    : SAY("Expected a digit but got '%s'.", "a digit"));
    }
}
