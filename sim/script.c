#include "sim/script.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sim/cases.h"
#include "sim/world.h"

void script_begin(struct script *s, struct world *w) {
    s->w = w;
    s->dice = s->page.dice = s->part.dice = s->value.dice = &w->dice;
    s->page.name = "sim.conf";
    s->part.name = "part.conf";
    s->page.n = s->part.n = s->environment.n = s->value.n = s->in_part = s->keys = 0;
    s->owed.n = s->said.n = 0;
    s->owed.text[0] = s->said.text[0] = '\0';
    s->included = s->wrong = s->fatal = s->kept = false;
    settings_begin(&s->outcome);
}

// ---- What is said -------------------------------------------------------------------------------

// Lines are cut where the broker's log lines are.
void script_owe(struct script *s, char severity, const struct spot *at, const char *format, ...) {
    char line[512];
    va_list values;
    int n = snprintf(line, sizeof line, "%s:%u:%u: ", at->page, at->line, at->column);
    va_start(values, format);
    vsnprintf(line + n, sizeof line - (size_t)n, format, values);
    va_end(values);
    words_add(&s->owed, "%c %.*s\n", severity, MIDGE_LOG_LINE_BYTES, line);
    s->wrong |= severity == 'E';
}

static void complain(void *context, enum midge_severity severity, const char *line) {
    struct script *s = context;
    words_add(&s->said, "%c %s\n", "RWE"[severity], line);
}

static const char *include(void *context, const char *from, const char *path, uint32_t path_bytes,
                           struct midge_source *found) {
    struct script *s = context;
    if (strcmp(from, s->page.name) != 0 || path_bytes != strlen(s->part.name) ||
        memcmp(path, s->part.name, path_bytes) != 0)
        return cases_include(path, path_bytes, found);
    *found = (struct midge_source){s->part.name, s->part.text, s->part.n};
    return NULL;
}

static const char *variable(void *context, const char *name, uint32_t name_bytes) {
    struct script *s = context;
    s->environment.text[s->environment.n] = '\0';
    bool mine = name_bytes == 3 && memcmp(name, "ENV", 3) == 0;
    return mine ? s->environment.text : cases_variable(name, name_bytes);
}

struct midge_reading script_reading(struct script *s) {
    return (struct midge_reading){.complain = complain,
                                  .include = include,
                                  .variable = variable,
                                  .secure = cases_secure,
                                  .context = s};
}

void script_fail(const struct script *s, const char *what) {
    fprintf(stderr, "---- %s\n%.*s\n---- %s\n%.*s\n---- owed\n%s---- said\n%s", s->page.name,
            (int)s->page.n, s->page.text, s->part.name, (int)s->part.n, s->part.text, s->owed.text,
            s->said.text);
    world_fail(s->w, what);
}

// ---- Pairs --------------------------------------------------------------------------------------

struct page *script_open(struct script *s) {
    static const char *const forms[] = {"include part.conf\n", "include 'part.conf'\n",
                                        "INCLUDE \"part.conf\"\n", "include\tpart.conf \n"};
    if (!s->included && dice_once_in(s->dice, 16)) {
        page_add(&s->page, "%s", forms[dice_below(s->dice, 4)]);
        s->included = true;
        s->in_part = dice_between(s->dice, 1, 3);
    }
    bool apart = s->in_part > 0;
    s->in_part -= apart;
    s->keys++;
    struct page *p = apart ? &s->part : &s->page;
    page_gap(p);
    return p;
}

struct spot script_pair(struct script *s, const char *names) {
    struct page *p = script_open(s);
    struct page *v = &s->value;
    uint32_t way = dice_below(s->dice, 12);
    uint32_t variable = 0;
    if (way == 0 && s->keys < KEYS_MAX - BLOCK_KEYS) {
        // A key that nobody knows, but for who uses it.
        variable = s->keys++;
        page_add(p, "V%u%s%.*s", variable, dice_once_in(s->dice, 2) ? ": " : " = ", (int)v->n,
                 v->text);
        page_end(p, false);
        page_gap(p);
    }
    struct spot spot = page_key(p, names);
    if (variable > 0) {
        page_add(p, "$V%u", variable);
    } else if (way == 1 && s->environment.n == 0) {
        page_add(p, "$ENV");
        s->environment = *v;
    } else {
        page_add(p, "%.*s", (int)v->n, v->text);
    }
    page_end(p, false);
    v->n = 0;
    return spot;
}

// ---- Values -------------------------------------------------------------------------------------

static void owe_remark(struct script *s, const struct spot *spot, uint32_t i, int64_t value) {
    const struct setting *setting = &settings[i];
    bool time = setting->form >= FORM_SECONDS;
    bool none = setting->form == FORM_PAYLOAD && value < 0;
    struct words line = {0};
    words_add(&line, "%s of ", spot->key);
    if (time)
        words_add_duration(&line, (uint64_t)value * 1000);
    else
        words_add(&line, "%" PRId64, value);
    words_add(&line, "%s is above the maximum of this build, ", none ? ", no limit," : "");
    if (time)
        words_add_duration(&line, (uint64_t)setting->most * 1000);
    else
        words_add(&line, "%" PRId64, setting->most);
    script_owe(s, 'R', spot, "%s, which is used instead", line.text);
}

void script_number(struct script *s, const struct spot *spot, uint32_t i, int64_t value) {
    bool none = settings[i].form == FORM_PAYLOAD && value < 0;
    if (settings_number(&s->outcome, i, none ? INT64_MAX : value))
        owe_remark(s, spot, i, value);
}

int64_t script_duration(struct script *s, char text[64]) {
    struct page p = {.dice = s->dice};
    int64_t ns = page_duration(&p);
    bool negative = dice_once_in(s->dice, 24);
    snprintf(text, 64, "%s%.*s",
             negative                    ? "-"
             : dice_once_in(s->dice, 16) ? "+"
                                         : "",
             (int)p.n, p.text);
    int64_t ms = ns > 0 ? (ns - 1) / 1000000 + 1 : 0;
    return negative ? -(ns / 1000000) : ms;
}

const struct no_duration *script_no_duration(struct script *s) {
    static const struct no_duration all[] = {
        {"", "time: invalid duration \"\""},
        {"x", "time: invalid duration \"x\""},
        {"-", "time: invalid duration \"-\""},
        {".s", "time: invalid duration \".s\""},
        {"10", "time: missing unit in duration \"10\""},
        {"1h10", "time: missing unit in duration \"1h10\""},
        {"10x", "time: unknown unit \"x\" in duration \"10x\""},
        {"1s-", "time: unknown unit \"s-\" in duration \"1s-\""},
        {"99999999999999999999s", "time: invalid duration \"99999999999999999999s\""},
        {"9223372036854775808ns", "time: invalid duration \"9223372036854775808ns\""},
        {"2562047h2562047h", "time: invalid duration \"2562047h2562047h\""},
        {"9223372036854775807ns.9us", "time: invalid duration \"9223372036854775807ns.9us\""},
    };
    return &all[dice_below(s->dice, sizeof all / sizeof all[0])];
}
