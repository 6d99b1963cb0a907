#include "sim/cases.h"

#include <stdlib.h>
#include <string.h>

#include "broker/limits.h"
#include "tests/unit/conf/places.h"

#define KEPT "tests/unit/conf/"
__asm__(".section .rodata\n.globl kept_cases\nkept_cases:\n.incbin \"" KEPT "grammar.cases\"\n.incbin \"" KEPT
        "options.cases\"\n.incbin \"" KEPT "authorization.cases\"\n.incbin \"" KEPT
        "variables.cases\"\n.byte 0\n.previous");
extern const char kept_cases[];

#define CASES_MAX 400

struct kept {
    const char *text, *dashes, *said, *end;
};

static const char *line_after(const char *line) {
    return strchr(line, '\n') + 1;
}

static bool holds(const struct kept *k, const char *words) {
    const char *at = strstr(k->text, words);
    return at != NULL && at < k->end;
}

// Whether it can be taken for itself: of some all depends on the limits of the build, or on there
// being nothing else.
static bool is_apart(const struct kept *k) {
    return k->said != NULL && k->dashes > k->text && !holds(k, "of this build") &&
           !holds(k, "10MB") && !holds(k, "config has no values") &&
           !holds(k, "config has more than") && !holds(k, "nested deeper") && !holds(k, "$");
}

// All of them, found once.
static const struct kept *all(uint32_t *n) {
    static struct kept kept[CASES_MAX];
    static uint32_t count;
    const char *line = count == 0 ? kept_cases : "";
    struct kept k = {0};
    while (*line != '\0') {
        if (strncmp(line, "--", 2) == 0 && k.said == NULL) {
            // The line end before the dashes belongs to the frame, not to the text.
            k.dashes = line - 1;
            k.said = line_after(line);
        } else if (strncmp(line, "==\n", 3) == 0) {
            k = (struct kept){.text = line_after(line)};
        }
        line = k.end = line_after(line);
        bool last = *line == '\0' || strncmp(line, "==\n", 3) == 0;
        if (last && is_apart(&k) && count < CASES_MAX)
            kept[count++] = k;
    }
    *n = count;
    return kept;
}

// A line as it is said behind what stands on the page: its place there, and cut to a log line.
static void add_line(struct words *owed, const struct page *p, struct spot from, const char *line,
                     const char *end) {
    static const char *const places[] = {"u.conf:", "Parse error on line ",
                                         "config is invalid (u.conf:"};
    struct words w = {0};
    const char *said = line + 2;
    uint32_t form = 0;
    while (form < 3 && strncmp(said, places[form], strlen(places[form])) != 0)
        form++;
    if (form < 3) {
        char *rest;
        uint32_t l = (uint32_t)strtoul(said + strlen(places[form]), &rest, 10);
        words_add(&w,
                  form == 0   ? "%s:"
                  : form == 1 ? "Parse error on line "
                              : "config is invalid (%s:",
                  p->name);
        words_add(&w, "%u", from.line - 1 + l);
        if (form != 1) {
            uint32_t column = (uint32_t)strtoul(rest + 1, &rest, 10);
            words_add(&w, ":%u", l == 1 ? from.column + column : column);
        }
        said = rest;
    }
    const char *use = strstr(said, " on line ");
    if (strncmp(said, "variable reference", 18) == 0 && use != NULL && use < end) {
        char *rest;
        use += strlen(" on line ");
        uint32_t l = (uint32_t)strtoul(use, &rest, 10);
        words_add_bytes(&w, said, (uint32_t)(use - said));
        words_add(&w, "%u", from.line - 1 + l);
        said = rest;
    }
    words_add_bytes(&w, said, (uint32_t)(end - 1 - said));
    words_add(owed, "%.2s%.*s\n", line, MIDGE_LOG_LINE_BYTES, w.text);
}

bool cases_write(struct page *p, struct words *owed) {
    uint32_t count;
    const struct kept *k = all(&count);
    k += dice_below(p->dice, count);
    struct spot from = page_spot(p);
    page_add(p, "%.*s", (int)(k->dashes - k->text), k->text);
    bool fatal = false;
    for (const char *line = k->said, *end; line < k->end; line = end) {
        end = line_after(line);
        // A complaint that names no place first has ended the reading.
        fatal |= line[0] == 'E' && strchr(line + 2, ' ')[-1] != ':';
    }
    if (fatal)
        owed->n = 0;
    for (const char *line = k->said, *end; line < k->end; line = end) {
        end = line_after(line);
        add_line(owed, p, from, line, end);
    }
    return fatal;
}

const char *cases_include(const char *path, uint32_t path_bytes, struct midge_source *found) {
    return include(NULL, "", path, path_bytes, found);
}

const char *cases_variable(const char *name, uint32_t name_bytes) {
    return variable(NULL, name, name_bytes);
}

const char *cases_secure(void *context, const struct midge_config *config,
                         const struct midge_tls_options *options) {
    return secure(context, config, options);
}
