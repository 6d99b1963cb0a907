#include "broker/conf/lex.h"

#define END 0  // past the text. A NUL in it ends what it interrupts, and is then refused: lex_key

void lex_begin(struct lexer *lx, const struct midge_source *source) {
    *lx = (struct lexer){.source = *source, .line = 1};
}

static int next(struct lexer *lx) {
    if (lx->at >= lx->source.bytes) {
        lx->width = 0;
        return END;
    }
    int c = (unsigned char)lx->source.text[lx->at];
    if (c == '\n') {
        lx->line++;
        lx->line_start = lx->at;
    }
    lx->at++;
    lx->width = 1;
    return c;
}

// Steps back over what `next` took, once.
static void back(struct lexer *lx) {
    lx->at -= lx->width;
    if (lx->width > 0 && lx->source.text[lx->at] == '\n') {
        lx->line--;
        while (lx->line_start > 0 && lx->source.text[--lx->line_start] != '\n')
            ;
    }
    lx->width = 0;
}

static int peek(struct lexer *lx) {
    return lx->at < lx->source.bytes ? (unsigned char)lx->source.text[lx->at] : END;
}

static bool is_in(int c, const char *set) {
    return c != END && strchr(set, c) != NULL;
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

static bool is_hex(int c) {
    return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

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

// The reason is a sentence or what was expected, as SAY has it: where that is all, it was expected
// in the place of what `next` took last.
static bool fail(struct lexer *lx, struct item *item, const char *reason) {
    if (!MIDGE_CONFIG_HUB)
        back(lx);
    mark(lx, item, ITEM_ERROR);
    item->reason = reason;
    return false;
}

// As fail; the reason's %s is the character that `next` took last, whole where it has several
// bytes.
static bool fail_at(struct lexer *lx, struct item *item, const char *reason) {
    fail(lx, item, reason);
    if (!MIDGE_CONFIG_HUB)
        return false;
    uint32_t from = lx->at - lx->width;
    uint32_t to = lx->at;
    while (to < lx->source.bytes && (lx->source.text[to] & 0xc0) == 0x80)
        to++;
    item->text = (struct word){lx->source.text + from, to - from};
    if (lx->width == 0 || *item->text.text == '\0')
        item->text = word("EOF");
    else if (*item->text.text == '\n')
        item->text = word("\\n");
    return false;
}

// Whether a comment begins with c, which `next` took; passes over it then.
static bool comment(struct lexer *lx, int c) {
    if (c != '#' && (c != '/' || peek(lx) != '/'))
        return false;
    while (!is_newline(peek(lx)) && peek(lx) != END)
        next(lx);
    return true;
}

// Takes what comes behind characters of a set and, if they are passed over too, comments.
static int next_behind(struct lexer *lx, const char *set, bool comments) {
    int c;
    do
        c = next(lx);
    while (is_in(c, set) || (comments && comment(lx, c)));
    return c;
}

// The text up to a closing quote, which is passed over. Without escapes, which have their own.
static bool quoted(struct lexer *lx, struct item *item, enum item_kind kind, int quote) {
    begin(lx, item);
    while (peek(lx) != quote) {
        if (next(lx) == END)
            return false;
    }
    finish(lx, item, kind);
    next(lx);
    return true;
}

// ---- Keys ---------------------------------------------------------------------------------------

// The path behind the word `include`.
static void include(struct lexer *lx, struct item *item) {
    int c = next_behind(lx, BLANKS, false);
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
    back(lx);
    begin(lx, item);
    do
        c = next(lx);
    while (c != END && !is_in(c, BLANKS NEWLINES ";}'"));
    back(lx);
    finish(lx, item, ITEM_INCLUDE);
    if (c == '\'')
        next(lx);
}

static void bare_key(struct lexer *lx, enum lex_place place, struct item *item) {
    begin(lx, item);
    do
        next(lx);
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
    else if (lx->source.text + lx->at > item->text.text)
        fail(lx, item, SAY("Unexpected EOF.", "a quote"));
    else
        mark(lx, item, ITEM_END);
}

void lex_key(struct lexer *lx, enum lex_place place, struct item *item) {
    int c;
    for (;;) {
        c = next_behind(lx, SPACES, true);
        if (place == LEX_TOP && c == '{')
            lx->braces++;
        else if (place == LEX_TOP && c == '}' && lx->braces > 0)
            lx->braces--;
        else
            break;
    }
    if (is_separator(c)) {
        fail_at(lx, item,
                place == LEX_MAP ? SAY("Unexpected key separator '%s'.", "a key")
                                 : SAY("Unexpected key separator '%s'", "a key"));
    } else if (c == '"' || c == '\'') {
        quoted_key(lx, place, item, c);
    } else if (place == LEX_MAP && c == '}') {
        mark(lx, item, ITEM_CLOSE);
    } else if (place == LEX_MAP && c == ']') {
        fail_at(lx, item, SAY("Unexpected array end '%s' processing map.", "a key"));
    } else if (c == END && place == LEX_MAP) {
        fail(lx, item, SAY("Unexpected EOF processing map.", "a key or '}'"));
    } else if (c == END && lx->width == 0) {
        mark(lx, item, ITEM_END);
    } else if ((c == END || c == '/') && place == LEX_TOP) {
        fail(lx, item, SAY("Unexpected EOF.", "a key"));
    } else {
        back(lx);
        bare_key(lx, place, item);
    }
}

bool lex_separator(struct lexer *lx, enum lex_place place, struct item *item) {
    int c = next_behind(lx, SPACES, false);
    if (c == END && place == LEX_TOP) {
        back(lx);
        mark(lx, item, ITEM_END);
        item->reason = "a value";
        return false;
    }
    if (!is_separator(c))
        back(lx);
    if (place == LEX_TOP)
        return true;  // where a new line is not passed over: lex_value refuses it
    c = next_behind(lx, SPACES, false);
    if (c == ',')
        return fail(lx, item, SAY("Unexpected map value terminator \",\".", "a value"));
    if (c == '}')
        return fail_at(lx, item, SAY("Expected a value but got '%s'.", "a value"));
    back(lx);
    return true;
}

bool lex_element(struct lexer *lx, struct item *item) {
    int c = next_behind(lx, SPACES, true);
    if (c == ']') {
        mark(lx, item, ITEM_CLOSE);
        return false;
    }
    if (c == ',' || c == '/')
        return fail(lx, item, SAY("Unexpected array value terminator ','.", "a value"));
    back(lx);
    return true;
}

bool lex_after(struct lexer *lx, enum lex_place place, struct item *item) {
    int c = next_behind(lx, BLANKS, true);
    if (is_newline(c) || c == ',' || (c == ';' && place != LEX_ARRAY))
        return true;
    if (place == LEX_TOP && lx->braces == 0 && (c == END || c == '}')) {
        if (c == END)
            back(lx);  // for lex_key to see whether it is the end
        return true;
    }
    if (c == (place == LEX_ARRAY ? ']' : '}')) {
        back(lx);  // for lex_key or lex_element to close with
        return true;
    }
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

// What follows a backslash in a text.
static bool escape(struct lexer *lx, struct item *item) {
    int c = next(lx);
    if (c == 'x') {
        for (int i = 0; i < 2; i++) {
            if (is_newline(next(lx)))
                return fail(lx, item,
                            SAY("Expected two hexadecimal digits after '\\x', but hit end of line",
                                "two hexadecimal digits"));
        }
        const char *digits = lx->source.text + lx->at - 2;
        if (is_hex(digits[0]) && is_hex(digits[1]))
            return true;
        fail(lx, item,
             SAY("Expected two hexadecimal digits after '\\x', but got '%s'",
                 "two hexadecimal digits"));
        item->text = (struct word){digits, 2};
        return false;
    }
    if (is_in(c, "tnr\"\\"))
        return true;
    return fail_at(lx, item,
                   SAY("Invalid escape character '%s'. Only the following escape characters are "
                       "allowed: \\xXX, \\t, \\n, \\r, \\\", \\\\.",
                       "one of x t n r \" \\"));
}

static uint32_t hex_value(char digit) {
    uint32_t d = (unsigned char)digit;
    return d <= '9' ? d - '0' : (d | 0x20) - 'a' + 10;
}

uint32_t text_unescape(struct word text, char *to) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < text.bytes; i++) {
        char c = text.text[i];
        if (c == '\\') {
            c = text.text[++i];
            if (c == 't') {
                c = '\t';
            } else if (c == 'n') {
                c = '\n';
            } else if (c == 'r') {
                c = '\r';
            } else if (c == 'x') {
                c = (char)(hex_value(text.text[i + 1]) << 4 | hex_value(text.text[i + 2]));
                i += 2;
            }
        }
        to[n++] = c;
    }
    return n;
}

static void double_quoted(struct lexer *lx, struct item *item) {
    begin(lx, item);
    for (;;) {
        int c = next(lx);
        if (c == '\\') {
            if (!escape(lx, item))
                return;
            item->escaped = true;
        } else if (c == '"') {
            back(lx);
            finish(lx, item, ITEM_TEXT);
            next(lx);
            return;
        } else if (c == END) {
            fail(lx, item, SAY("Unexpected EOF.", "a quote"));
            return;
        }
    }
}

// A text that ends with a `)` alone on its line.
static void block(struct lexer *lx, struct item *item) {
    begin(lx, item);
    for (;;) {
        bool begins = lx->source.text[lx->at - 1] == '\n';
        int c = next(lx);
        if (c == END) {
            fail(lx, item, SAY("Unexpected EOF processing block.", "')' on a line of its own"));
            return;
        }
        if (c == ')' && begins && (peek(lx) == '\n' || peek(lx) == END)) {
            back(lx);
            finish(lx, item, ITEM_TEXT);
            next(lx);
            return;
        }
    }
}

// A text without quotes; what lies before the position belongs to it.
static void bare(struct lexer *lx, struct item *item) {
    int c;
    for (;;) {
        c = next(lx);
        if (c == '\\') {
            if (!escape(lx, item))
                return;
            item->escaped = true;
        } else if (c == END || is_in(c, BLANKS NEWLINES ";,]}'")) {
            break;
        }
    }
    back(lx);
    finish(lx, item, ITEM_TEXT);
    if (c == '\'') {
        next(lx);
    } else if (!item->escaped && word_is(item->text, "true|false|yes|no|on|off", true)) {
        item->kind = ITEM_BOOL;
    } else if (!item->escaped && item->text.bytes > 0 && item->text.text[0] == '$') {
        // Without variables, what means one must not pass for a text.
        item->kind = MIDGE_CONFIG_HUB ? ITEM_VARIABLE : ITEM_ERROR;
        item->reason = "quotes around what begins with $";
        item->text.text++;
        item->text.bytes--;
        item->column++;
    }
}

// What may follow a number. The end of an array is not in it, so `[1]` holds the text `1]`.
static bool ends_number(int c) {
    return c == END || is_in(c, BLANKS NEWLINES "};,");
}

// A number with a suffix, the first letter of which was taken.
static void suffixed(struct lexer *lx, struct item *item) {
    int c;
    do
        c = next(lx);
    while (is_in(c, "bBiI"));
    back(lx);
    if (ends_number(c))
        finish(lx, item, ITEM_INTEGER);
    else
        bare(lx, item);
}

// A float, or an address if a second dot follows; the first dot was taken.
static void fraction(struct lexer *lx, struct item *item) {
    int c = next(lx);
    if (!is_digit(c)) {
        fail_at(lx, item,
                SAY("Floats must have a digit after the '.', but got '%s' instead.", "a digit"));
        return;
    }
    while (is_digit(c))
        c = next(lx);
    bool address = c == '.';
    while (address && (is_digit(c) || c == '.' || c == ':' || c == '-'))
        c = next(lx);
    back(lx);
    finish(lx, item, address ? ITEM_TEXT : ITEM_FLOAT);
}

// The rest of a time, after its year and the dash.
static void datetime(struct lexer *lx, struct item *item) {
    for (const char *form = "00-00T00:00:00Z"; *form != '\0'; form++) {
        int c = next(lx);
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
    }
    finish(lx, item, ITEM_TIME);
}

// An integer, or what turns out to be more than that; its first digit was taken.
static void number(struct lexer *lx, struct item *item, bool negative) {
    for (;;) {
        int c = next(lx);
        if (is_digit(c))
            continue;
        if (MIDGE_CONFIG_HUB && c == '-' && !negative) {
            if (lx->source.text + lx->at - item->text.text == 5)
                datetime(lx, item);
            else
                fail(lx, item, "All ISO8601 dates must be in full Zulu form.");
        } else if (c == '.') {
            fraction(lx, item);
        } else if (is_suffix(c)) {
            suffixed(lx, item);
        } else if (!negative && !ends_number(c)) {
            bare(lx, item);
        } else {
            back(lx);
            finish(lx, item, ITEM_INTEGER);
        }
        return;
    }
}

void lex_value(struct lexer *lx, struct item *item) {
    int c = next_behind(lx, BLANKS, false);
    if (c == '[' || c == '{') {
        mark(lx, item, c == '[' ? ITEM_ARRAY : ITEM_MAP);
    } else if (c == '\'') {
        if (!quoted(lx, item, ITEM_TEXT, c))
            fail(lx, item, SAY("Unexpected EOF.", "a quote"));
    } else if (c == '"') {
        double_quoted(lx, item);
    } else if (c == '(') {
        block(lx, item);
    } else if (c == '.') {
        fail(lx, item, SAY("Floats must start with a digit", "a digit"));
    } else if (is_newline(c)) {
        fail(lx, item, SAY("Expected value but found new line", "a value"));
    } else if (c == '-') {
        back(lx);
        begin(lx, item);
        next(lx);
        c = next(lx);
        if (is_digit(c))
            number(lx, item, true);
        else
            fail_at(lx, item,
                    c == '.' ? SAY("Floats must start with a digit, not '.'.", "a digit")
                             : SAY("Expected a digit but got '%s'.", "a digit"));
    } else {
        back(lx);
        begin(lx, item);
        if (is_digit(c)) {
            next(lx);
            number(lx, item, false);
        } else {
            bare(lx, item);
        }
    }
}
