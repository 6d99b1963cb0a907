#include "broker/conf/reference.h"

#if MIDGE_CONFIG_HUB

// What a text may come to with every variable replaced: far more than fits into struct
// midge_config.
#define VALUES_MAX 1000000u

void references_begin(struct reader *r) {
    struct references *all = &r->references;
    all->variable = word("");
    all->definitions = 0;
    all->values_left = VALUES_MAX;
    all->scope[0] = (struct scope){.owner = NO_DEFINITION};
}

void reference_trail(const struct reader *r, bool variable, struct format *f) {
    const struct references *all = &r->references;
    char digits[DIGITS_MAX];
    for (uint32_t i = 0; i < r->depth; i++) {
        if (all->scope[i].include)
            format_words(f, "error parsing include file '%s', ", &all->scope[i].path);
    }
    if (variable && all->variable.bytes > 0)
        format_words(f, "variable reference for '%s' on line %s could not be parsed: ",
                     WORDS(all->variable, word_of(all->variable_line, digits)));
}

// Variables and includes can multiply without end. False where it must have one.
static bool count_value(struct reader *r) {
    return r->references.values_left-- > 0 ||
           reader_fail(r, NULL, "config comes to too many values", NULL);
}

// ---- Definitions --------------------------------------------------------------------------------

bool reference_define(struct reader *r, struct entry *e, const struct item *key) {
    struct references *all = &r->references;
    char digits[DIGITS_MAX];
    if (all->definitions == MIDGE_CONFIG_KEYS_MAX)
        return reader_fail(r, NULL, "config has more than %s keys in the maps around one value",
                           WORDS(word_of(MIDGE_CONFIG_KEYS_MAX, digits)));
    e->definition = all->definitions++;
    all->definition[e->definition] = (struct definition){
        .key = key->text, .value = r->lx, .at = {r->lx.source.name, key->line, key->column}};
    return true;
}

void reference_unknown(struct reader *r, const struct entry *e, const char *sentence) {
    r->references.definition[e->definition].unknown = sentence;
}

// At the end of a map: complains about its unknown keys. Of a repeated key the last one counts.
static void complain_of_unknown(struct reader *r, uint32_t first) {
    const struct references *all = &r->references;
    for (uint32_t i = first; i < all->definitions; i++) {
        const struct definition *d = &all->definition[i];
        if (d->unknown == NULL || d->used)
            continue;
        bool repeated = false;
        for (uint32_t j = i + 1; j < all->definitions; j++)
            repeated |= word_same(d->key, all->definition[j].key);
        if (!repeated)
            reader_complain(r, &d->at, d->unknown, &d->key);
    }
}

static bool is_hidden(const struct reader *r, uint32_t definition) {
    for (uint32_t i = 0; i < r->depth; i++) {
        const struct scope *s = &r->references.scope[i];
        if (definition >= s->hidden && definition < s->hidden_end)
            return true;
    }
    return false;
}

// The latest definition of a name below `end` that is in sight.
static uint32_t look_up(const struct reader *r, struct word name, uint32_t end) {
    while (end-- > 0) {
        const struct definition *d = &r->references.definition[end];
        if (d->complete && word_same(d->key, name) && !is_hidden(r, end))
            return end;
    }
    return NO_DEFINITION;
}

// ---- Variables ----------------------------------------------------------------------------------

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
    struct references *all = &r->references;
    for (uint32_t hops = 0; item->kind == ITEM_VARIABLE && !is_bcrypt(item); hops++) {
        char digits[DIGITS_MAX];
        uint32_t d = look_up(r, item->text, *in_sight);
        if (d != NO_DEFINITION) {
            all->definition[d].used = true;
            r->lx = all->definition[d].value;
            *in_sight = d;
        } else {
            const struct midge_reading *reading = r->reading;
            const char *text = NULL;
            if (reading->variable != NULL)
                text = reading->variable(reading->context, item->text.text, item->text.bytes);
            if (text == NULL)
                return reader_fail(r, item,
                                   "variable reference for '%s' on line %s can not be found",
                                   WORDS(item->text, word_of(item->line, digits)));
            if (hops == MIDGE_CONFIG_DEPTH_MAX)
                return reader_fail(r, item,
                                   "variable reference for '%s' on line %s could not be parsed: "
                                   "variable reference cycle for '%s'",
                                   WORDS(item->text, word_of(item->line, digits), item->text));
            all->variable = item->text;
            all->variable_line = item->line;
            lex_begin(&r->lx,
                      &(struct midge_source){r->lx.source.name, text, (uint32_t)strlen(text)});
            *in_sight = 0;
        }
        lex_value(&r->lx, item);
    }
    return true;
}

bool reference_follow(struct reader *r, struct entry *e, struct detour *detour) {
    if (r->place[r->depth - 1] == LEX_ARRAY)
        e->definition = NO_DEFINITION;
    if (!count_value(r))
        return false;
    detour->variable = e->value.kind == ITEM_VARIABLE;
    detour->back = r->lx;
    detour->in_sight = r->references.definitions;
    return !detour->variable || resolve(r, &e->value, &detour->in_sight);
}

void reference_enter(struct reader *r, const struct entry *e, const struct detour *detour) {
    r->references.scope[r->depth - 1] = (struct scope){
        .elsewhere = detour->variable,
        .back = detour->back,
        .first = r->references.definitions,
        .owner = e->definition,
        .hidden = detour->in_sight,
        .hidden_end = r->references.definitions,
    };
}

// The value of a definition was read to its end, and so was a detour.
static void complete(struct reader *r, uint32_t definition, bool elsewhere,
                     const struct lexer *back) {
    if (definition != NO_DEFINITION)
        r->references.definition[definition].complete = true;
    if (!elsewhere)
        return;
    r->lx = *back;
    r->references.variable = word("");
}

bool reference_return(struct reader *r, const struct entry *e, const struct detour *detour) {
    struct item error;
    if (detour->variable && r->references.variable.bytes > 0 && !lex_after(&r->lx, LEX_TOP, &error))
        return reader_fail_syntax(r, &error);
    complete(r, e->definition, detour->variable, &detour->back);
    return true;
}

// ---- Includes -----------------------------------------------------------------------------------

void reference_include(struct reader *r, struct word path) {
    struct scope scope = {
        .include = true,
        .elsewhere = true,
        .back = r->lx,
        .path = path,
        .owner = NO_DEFINITION,
        .hidden_end = r->references.definitions,
    };
    if (!count_value(r) || !reader_enter(r, LEX_TOP, NULL))
        return;
    r->references.scope[r->depth - 1] = scope;
    const struct midge_reading *reading = r->reading;
    struct midge_source found;
    const char *reason = "this build has no includes";
    if (reading->include != NULL)
        reason =
            reading->include(reading->context, r->lx.source.name, path.text, path.bytes, &found);
    if (reason != NULL)
        reader_fail(r, NULL, "%s", WORDS(word(reason)));
    else
        lex_begin(&r->lx, &found);
}

bool reference_leave(struct reader *r) {
    const struct scope *s = &r->references.scope[r->depth];
    if (!s->include) {
        if (r->place[r->depth] != LEX_ARRAY)
            complain_of_unknown(r, s->first);
        r->references.definitions = s->first;
    }
    complete(r, s->owner, s->elsewhere, &s->back);
    return s->include;
}

#endif
