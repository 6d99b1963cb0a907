#include "broker/conf/reader.h"

#include "broker/conf/number.h"
#include "broker/conf/reference.h"

void reader_begin(struct reader *r, const struct midge_source *source, struct midge_config *config,
                  const struct midge_reading *reading) {
    r->reading = reading;
    r->config = config;
    lex_begin(&r->lx, source);
    r->errors = 0;
    r->full = NULL;
    r->failed = false;
    r->depth = 1;
    r->place[0] = LEX_TOP;
    if (MIDGE_CONFIG_HUB)
        references_begin(r);
}

// ---- Complaints ---------------------------------------------------------------------------------

// A complaint under construction.
struct complaint {
    struct format format;
    char text[MIDGE_LOG_LINE_BYTES + 1];
};

static void begin(struct complaint *c) {
    c->format = (struct format){(uint8_t *)c->text, 0, sizeof c->text - 1};
}

static void emit(struct reader *r, enum midge_severity severity, struct complaint *c) {
    c->text[c->format.n] = '\0';
    r->errors += severity == MIDGE_ERROR;
    r->reading->complain(r->reading->context, severity, c->text);
}

void reader_say(struct reader *r, const struct place *at, enum midge_severity severity,
                const char *sentence, const struct word *words) {
    char a[DIGITS_MAX], b[DIGITS_MAX];
    struct complaint c;
    begin(&c);
    format_words(&c.format, "%s:%s:%s: ",
                 WORDS(word(at->source), word_of(at->line, a), word_of(at->column, b)));
    if (!MIDGE_CONFIG_HUB && severity == MIDGE_ERROR)
        format_text(&c.format, "expected ");
    format_words(&c.format, sentence, words);
    emit(r, severity, &c);
}

void reader_complain(struct reader *r, const struct place *at, const char *sentence,
                     const struct word *words) {
    reader_say(r, at, MIDGE_ERROR, sentence, words);
}

// In nats-server's words: no place, but what led there.
static void complain_of_trail(struct reader *r, const struct item *error, const char *sentence,
                              const struct word *words) {
    char digits[DIGITS_MAX];
    struct complaint c;
    begin(&c);
    reference_trail(r, error != NULL, &c.format);
    if (error != NULL)
        format_words(&c.format, "Parse error on line %s: '", WORDS(word_of(error->line, digits)));
    format_words(&c.format, sentence, words);
    if (error != NULL)
        format_char(&c.format, '\'');
    emit(r, MIDGE_ERROR, &c);
}

bool reader_fail(struct reader *r, const struct item *at, const char *sentence,
                 const struct word *words) {
    if (MIDGE_CONFIG_HUB)
        complain_of_trail(r, NULL, sentence, words);
    else
        reader_complain(r, &(struct place){r->lx.source.name, at->line, at->column}, sentence,
                        words);
    r->failed = true;
    return false;
}

bool reader_fail_syntax(struct reader *r, const struct item *error) {
    if (!MIDGE_CONFIG_HUB)
        return reader_fail(r, error, error->reason, NULL);
    complain_of_trail(r, error, error->reason, WORDS(error->text, error->also));
    r->failed = true;
    return false;
}

void reader_full(struct reader *r, const struct entry *e, uint32_t most, const char *what) {
    char digits[DIGITS_MAX];
    if (r->full == what)
        return;
    r->full = what;
    reader_complain(r, &e->at, SAY("more than %s %s", "at most %s %s"),
                    WORDS(word_of(most, digits), word(what)));
}

void reader_unknown(struct reader *r, const struct entry *e, const char *sentence) {
    if (MIDGE_CONFIG_HUB)
        reference_unknown(r, e, sentence);
    else
        reader_complain(r, &e->at, sentence, &e->key);
}

// ---- Maps and arrays ----------------------------------------------------------------------------

bool reader_enter(struct reader *r, enum lex_place place, const struct item *at) {
    char digits[DIGITS_MAX];
    if (r->depth == MIDGE_CONFIG_DEPTH_MAX && !MIDGE_CONFIG_HUB)
        return reader_fail(r, at, "fewer levels", NULL);
    if (r->depth == MIDGE_CONFIG_DEPTH_MAX)
        return reader_fail(r, at, "config is nested deeper than %s levels",
                           WORDS(word_of(MIDGE_CONFIG_DEPTH_MAX, digits)));
    r->place[r->depth++] = (uint8_t)place;
    return true;
}

static enum lex_place innermost(const struct reader *r) {
    return (enum lex_place)r->place[r->depth - 1];
}

static void separate(struct reader *r) {
    struct item item;
    if (!lex_after(&r->lx, innermost(r), &item))
        reader_fail_syntax(r, &item);
}

// Closes the map, array or included text that was opened last. Answers whether it was a text.
static bool leave(struct reader *r) {
    r->depth--;
    bool included = MIDGE_CONFIG_HUB && reference_leave(r);
    if (r->depth > 0)
        separate(r);
    else
        r->depth = 1;  // the whole text was read; r->failed says whether with success
    return included;
}

// ---- Values -------------------------------------------------------------------------------------

// Reads the value at the lexer's position, of a key or, where that is NULL, of an element. A scalar
// is then complete, with what separates it from the next; a map or array is entered.
static bool read_value(struct reader *r, struct entry *e, const struct item *key) {
    struct item *v = &e->value;
    struct detour detour;
    *e = (struct entry){.at.source = r->lx.source.name};
    if (key != NULL)
        e->key = key->text;
    if (MIDGE_CONFIG_HUB && key != NULL && !reference_define(r, e, key))
        return false;
    lex_value(&r->lx, v);
    e->at.line = key != NULL ? key->line : v->line;
    e->at.column = key != NULL ? key->column : v->column;
    if (MIDGE_CONFIG_HUB && !reference_follow(r, e, &detour))
        return false;
    if (v->kind == ITEM_ERROR)
        return reader_fail_syntax(r, v);
    if (v->kind == ITEM_INTEGER && !integer_read(v->text, &e->integer))
        return reader_fail(r, v, SAY("integer '%s' is out of the range", "a smaller number"),
                           &v->text);
    if (MIDGE_CONFIG_HUB && v->kind == ITEM_TIME && !datetime_valid(v->text))
        return reader_fail(r, v, "expected Zulu formatted DateTime, but got '%s'", &v->text);
    if (v->kind == ITEM_MAP || v->kind == ITEM_ARRAY) {
        if (!reader_enter(r, v->kind == ITEM_MAP ? LEX_MAP : LEX_ARRAY, v))
            return false;
        if (MIDGE_CONFIG_HUB)
            reference_enter(r, e, &detour);
        return true;
    }
    if (MIDGE_CONFIG_HUB && !reference_return(r, e, &detour))
        return false;
    separate(r);
    return !r->failed;
}

// From the end of a key to its value. False where there is none after all, or on a failure.
static bool read_separator(struct reader *r, const struct item *key) {
    struct item item;
    if (lex_separator(&r->lx, innermost(r), &item))
        return true;
    if (item.kind == ITEM_END && word_same(key->text, word("}")))
        return false;  // JSON's last brace, with none before
    if (!MIDGE_CONFIG_HUB || item.kind == ITEM_ERROR)
        return reader_fail_syntax(r, &item);
    char a[DIGITS_MAX], b[DIGITS_MAX];
    return reader_fail(
        r, &item, "config is invalid (%s:%s:%s)",
        WORDS(word(r->lx.source.name), word_of(item.line, a), word_of(item.column, b)));
}

bool reader_next(struct reader *r, struct entry *e) {
    while (!r->failed) {
        struct item item;
        if (innermost(r) != LEX_ARRAY)
            lex_key(&r->lx, innermost(r), &item);
        else if (lex_element(&r->lx, &item))
            return read_value(r, e, NULL);
        if (item.kind == ITEM_ERROR)
            return reader_fail_syntax(r, &item);
        if (item.kind == ITEM_KEY) {
            if (read_separator(r, &item))
                return read_value(r, e, &item);
        } else if (MIDGE_CONFIG_HUB && item.kind == ITEM_INCLUDE) {
            reference_include(r, item.text);
        } else if (!leave(r)) {
            return false;
        }
    }
    return false;
}

void reader_skip(struct reader *r, const struct entry *e) {
    if (e->value.kind != ITEM_MAP && e->value.kind != ITEM_ARRAY)
        return;
    uint32_t depth = r->depth;
    struct entry inner;
    while (!r->failed && r->depth >= depth)
        reader_next(r, &inner);
}
