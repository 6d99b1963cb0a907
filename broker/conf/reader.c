#include "broker/conf/reader.h"

#include "broker/conf/number.h"

// What a text may come to with every variable replaced: far more than fits into struct
// midge_config.
#define VALUES_MAX 1000000u

void reader_begin(struct reader *r, const struct midge_source *source,
                  const struct midge_reading *reading) {
    r->reading = reading;
    r->lx = lex_begin(source);
    r->variable = word("");
    r->depth = 1;
    r->definitions = 0;
    r->values_left = VALUES_MAX;
    r->errors = 0;
    r->failed = false;
    r->full = NULL;
    r->frame[0] = (struct frame){.place = LEX_TOP, .owner = NO_DEFINITION};
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

void reader_complain(struct reader *r, const struct entry *e, enum midge_severity severity,
                     const char *sentence, const struct word *words) {
    char a[DIGITS_MAX], b[DIGITS_MAX];
    struct complaint c;
    begin(&c);
    format_words(&c.format,
                 "%s:%s:%s: ", WORDS(word(e->source), word_of(e->line, a), word_of(e->column, b)));
    format_words(&c.format, sentence, words);
    emit(r, severity, &c);
}

// Begins the complaint that ends the reading, with the includes that lead to the place.
static void begin_failure(const struct reader *r, struct complaint *c) {
    begin(c);
    for (uint32_t i = 0; i < r->depth; i++) {
        if (r->frame[i].include)
            format_words(&c->format, "error parsing include file '%s', ", &r->frame[i].path);
    }
}

static bool fail(struct reader *r, const char *sentence, const struct word *words) {
    struct complaint c;
    begin_failure(r, &c);
    format_words(&c.format, sentence, words);
    emit(r, MIDGE_ERROR, &c);
    r->failed = true;
    return false;
}

static bool fail_syntax(struct reader *r, const struct item *item) {
    char digits[DIGITS_MAX];
    struct complaint c;
    begin_failure(r, &c);
    if (r->variable.bytes > 0)
        format_words(&c.format, "variable reference for '%s' on line %s could not be parsed: ",
                     WORDS(r->variable, word_of(r->variable_line, digits)));
    format_words(&c.format, "Parse error on line %s: '", WORDS(word_of(item->line, digits)));
    format_words(&c.format, item->reason, WORDS(item->text, item->also));
    format_char(&c.format, '\'');
    emit(r, MIDGE_ERROR, &c);
    r->failed = true;
    return false;
}

void reader_full(struct reader *r, const struct entry *e, const char *sentence, uint32_t most) {
    char digits[DIGITS_MAX];
    if (r->full == sentence)
        return;
    r->full = sentence;
    reader_complain(r, e, MIDGE_ERROR, sentence, WORDS(word_of(most, digits)));
}

void reader_unknown(struct reader *r, const struct entry *e, const char *format) {
    r->definition[e->definition].unknown = format;
}

// At the end of a map: complains about its unknown keys. Of a repeated key the last one counts.
static void complain_of_unknown(struct reader *r, uint32_t first) {
    for (uint32_t i = first; i < r->definitions; i++) {
        const struct definition *d = &r->definition[i];
        if (d->unknown == NULL || d->used)
            continue;
        bool repeated = false;
        for (uint32_t j = i + 1; j < r->definitions; j++)
            repeated |= word_same(d->key, r->definition[j].key);
        if (repeated)
            continue;
        struct entry place = {.source = d->value.source.name, .line = d->line, .column = d->column};
        reader_complain(r, &place, MIDGE_ERROR, d->unknown, &d->key);
    }
}

// Variables and includes can multiply without end. False where it must have one.
static bool count_value(struct reader *r) {
    return r->values_left-- > 0 || fail(r, "config comes to too many values", NULL);
}

// ---- Maps, arrays and includes ------------------------------------------------------------------

static bool enter(struct reader *r, struct frame frame) {
    char digits[DIGITS_MAX];
    if (r->depth == MIDGE_CONFIG_DEPTH_MAX)
        return fail(r, "config is nested deeper than %s levels",
                    WORDS(word_of(MIDGE_CONFIG_DEPTH_MAX, digits)));
    r->frame[r->depth++] = frame;
    return true;
}

static void separate(struct reader *r) {
    struct item item;
    if (!lex_after(&r->lx, r->frame[r->depth - 1].place, &item))
        fail_syntax(r, &item);
}

// Closes the map, array or included text that was opened last.
static void leave(struct reader *r) {
    const struct frame *f = &r->frame[--r->depth];
    if (!f->include) {
        if (f->place != LEX_ARRAY)
            complain_of_unknown(r, f->first);
        r->definitions = f->first;
    }
    if (f->owner != NO_DEFINITION)
        r->definition[f->owner].complete = true;
    if (f->elsewhere) {
        r->lx = f->back;
        r->variable = word("");
    }
    if (r->depth > 0)
        separate(r);
    else
        r->depth = 1;  // the whole text was read; r->failed says whether with success
}

static void include(struct reader *r, struct word path) {
    struct frame f = {
        .place = LEX_TOP,
        .include = true,
        .elsewhere = true,
        .back = r->lx,
        .path = path,
        .owner = NO_DEFINITION,
        .hidden_end = r->definitions,
    };
    if (!count_value(r) || !enter(r, f))
        return;
    const struct midge_reading *reading = r->reading;
    struct midge_source found;
    const char *reason = "this build has no includes";
    if (reading->include != NULL)
        reason =
            reading->include(reading->context, r->lx.source.name, path.text, path.bytes, &found);
    if (reason != NULL)
        fail(r, "%s", WORDS(word(reason)));
    else
        r->lx = lex_begin(&found);
}

// ---- Variables ----------------------------------------------------------------------------------

static bool is_hidden(const struct reader *r, uint32_t definition) {
    for (uint32_t i = 0; i < r->depth; i++) {
        if (definition >= r->frame[i].hidden && definition < r->frame[i].hidden_end)
            return true;
    }
    return false;
}

// The latest definition of a name below `end` that is in sight.
static uint32_t look_up(const struct reader *r, struct word name, uint32_t end) {
    while (end-- > 0) {
        const struct definition *d = &r->definition[end];
        if (d->complete && word_same(d->key, name) && !is_hidden(r, end))
            return end;
    }
    return NO_DEFINITION;
}

// nats-server takes a bcrypt hash without quotes for a text.
static bool is_bcrypt(struct item *item) {
    if (item->text.bytes < 3 || memcmp(item->text.text, "2a$", 3) != 0)
        return false;
    item->kind = ITEM_TEXT;
    item->text.text--;
    item->text.bytes++;
    return true;
}

// Replaces a variable by the value that it stands for, which the lexer is moved to. *in_sight is
// set to the number of definitions that were in sight where that value was written.
static bool resolve(struct reader *r, struct item *item, uint32_t *in_sight) {
    for (uint32_t hops = 0; item->kind == ITEM_VARIABLE && !is_bcrypt(item); hops++) {
        char digits[DIGITS_MAX];
        uint32_t d = look_up(r, item->text, *in_sight);
        if (d != NO_DEFINITION) {
            r->definition[d].used = true;
            r->lx = r->definition[d].value;
            *in_sight = d;
        } else {
            const struct midge_reading *reading = r->reading;
            const char *text = NULL;
            if (reading->variable != NULL)
                text = reading->variable(reading->context, item->text.text, item->text.bytes);
            if (text == NULL)
                return fail(r, "variable reference for '%s' on line %s can not be found",
                            WORDS(item->text, word_of(item->line, digits)));
            if (hops == MIDGE_CONFIG_DEPTH_MAX)
                return fail(r,
                            "variable reference for '%s' on line %s could not be parsed: variable "
                            "reference cycle for '%s'",
                            WORDS(item->text, word_of(item->line, digits), item->text));
            r->variable = item->text;
            r->variable_line = item->line;
            r->lx =
                lex_begin(&(struct midge_source){r->lx.source.name, text, (uint32_t)strlen(text)});
            *in_sight = 0;
        }
        lex_value(&r->lx, item);
    }
    return true;
}

// ---- Values -------------------------------------------------------------------------------------

// Reads the value at the lexer's position. A scalar is then complete, with what separates it from
// the next; a map or array is entered.
static bool read_value(struct reader *r, struct entry *e) {
    struct item *v = &e->value;
    lex_value(&r->lx, v);
    if (e->definition == NO_DEFINITION) {
        e->line = v->line;
        e->column = v->column;
    }
    if (!count_value(r))
        return false;
    bool variable = v->kind == ITEM_VARIABLE;
    struct lexer back = r->lx;
    uint32_t in_sight = r->definitions;
    if (variable && !resolve(r, v, &in_sight))
        return false;
    struct item error;
    if (v->kind == ITEM_ERROR)
        return fail_syntax(r, v);
    if (v->kind == ITEM_INTEGER && !integer_read(v->text, &e->integer))
        return fail(r, "integer '%s' is out of the range", &v->text);
    if (v->kind == ITEM_TIME && !datetime_valid(v->text))
        return fail(r, "expected Zulu formatted DateTime, but got '%s'", &v->text);
    if (v->kind == ITEM_MAP || v->kind == ITEM_ARRAY)
        return enter(r, (struct frame){
                            .place = v->kind == ITEM_MAP ? LEX_MAP : LEX_ARRAY,
                            .elsewhere = variable,
                            .back = back,
                            .first = r->definitions,
                            .owner = e->definition,
                            .hidden = in_sight,
                            .hidden_end = r->definitions,
                        });
    if (r->variable.bytes > 0 && variable && !lex_after(&r->lx, LEX_TOP, &error))
        return fail_syntax(r, &error);
    if (variable) {
        r->lx = back;
        r->variable = word("");
    }
    if (e->definition != NO_DEFINITION)
        r->definition[e->definition].complete = true;
    separate(r);
    return !r->failed;
}

// Reads the pair whose key is `key`. False where there is none after all, or on a failure.
static bool read_pair(struct reader *r, struct entry *e, const struct item *key) {
    char a[DIGITS_MAX], b[DIGITS_MAX];
    struct item item;
    if (!lex_separator(&r->lx, r->frame[r->depth - 1].place, &item)) {
        if (item.kind == ITEM_ERROR)
            return fail_syntax(r, &item);
        if (word_same(key->text, word("}")))
            return false;  // JSON's last brace, with none before
        return fail(r, "config is invalid (%s:%s:%s)",
                    WORDS(word(r->lx.source.name), word_of(item.line, a), word_of(item.column, b)));
    }
    if (r->definitions == MIDGE_CONFIG_KEYS_MAX)
        return fail(r, "config has more than %s keys in the maps around one value",
                    WORDS(word_of(MIDGE_CONFIG_KEYS_MAX, a)));
    r->definition[r->definitions] = (struct definition){
        .key = key->text, .value = r->lx, .line = key->line, .column = key->column};
    *e = (struct entry){
        .key = key->text,
        .source = r->lx.source.name,
        .line = key->line,
        .column = key->column,
        .definition = r->definitions++,
    };
    return read_value(r, e);
}

bool reader_next(struct reader *r, struct entry *e) {
    while (!r->failed) {
        const struct frame *f = &r->frame[r->depth - 1];
        struct item item;
        if (f->place == LEX_ARRAY) {
            *e = (struct entry){.source = r->lx.source.name, .definition = NO_DEFINITION};
            if (lex_element(&r->lx, &item))
                return read_value(r, e);
        } else {
            lex_key(&r->lx, f->place, &item);
        }
        if (item.kind == ITEM_ERROR)
            return fail_syntax(r, &item);
        if (item.kind == ITEM_KEY) {
            if (read_pair(r, e, &item))
                return true;
        } else if (item.kind == ITEM_INCLUDE) {
            include(r, item.text);
        } else {
            bool included = f->include;
            leave(r);
            if (!included)
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
