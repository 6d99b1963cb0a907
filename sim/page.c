#include "sim/page.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ONE_OF(p, ...)                               \
    ((const char *const[]){__VA_ARGS__})[dice_below( \
        (p)->dice, sizeof(const char *const[]){__VA_ARGS__} / sizeof(char *))]

void page_add(struct page *p, const char *format, ...) {
    va_list values;
    va_start(values, format);
    int n = vsnprintf(p->text + p->n, sizeof p->text - p->n, format, values);
    va_end(values);
    if ((uint32_t)n >= sizeof p->text - p->n)
        abort();  // who writes a page knows how long it gets
    p->n += (uint32_t)n;
}

struct spot page_spot(const struct page *p) {
    struct spot s = {.page = p->name, .line = 1, .column = p->n};
    for (uint32_t i = 0; i < p->n; i++) {
        if (p->text[i] == '\n') {
            s.line++;
            s.column = p->n - i;
        }
    }
    return s;
}

void page_gap(struct page *p) {
    while (dice_once_in(p->dice, 3))
        page_add(p, "%s",
                 ONE_OF(p, " ", "\t", "\n", "\r\n", "# all's \"well\" {[(\n", "// b: c\n", "  \n",
                        "\v\f", "#\n"));
}

static void add_any_case(struct page *p, const char *text, uint32_t n) {
    bool plain = !dice_once_in(p->dice, 4);
    for (uint32_t i = 0; i < n; i++) {
        bool upper = !plain && dice_once_in(p->dice, 2);
        page_add(p, "%c", upper ? toupper(text[i]) : text[i]);
    }
}

struct spot page_key(struct page *p, const char *names) {
    uint32_t others = 0;
    for (const char *c = names; *c != '\0'; c++)
        others += *c == '|';
    for (uint32_t skip = dice_below(p->dice, others + 1); skip > 0; skip--)
        names = strchr(names, '|') + 1;
    const char *quote = ONE_OF(p, "", "", "\"", "'");
    page_add(p, "%s", quote);
    struct spot s = page_spot(p);
    uint32_t from = p->n;
    add_any_case(p, names, (uint32_t)strcspn(names, "|"));
    snprintf(s.key, sizeof s.key, "%s", p->text + from);
    page_add(p, "%s%s", quote,
             ONE_OF(p, ": ", " = ", ":", "=", " ", "\t", " :\t", " \n= ", "\r\n: "));
    return s;
}

void page_switch(struct page *p, bool on) {
    const char *text = on ? ONE_OF(p, "true", "yes", "on") : ONE_OF(p, "false", "no", "off");
    add_any_case(p, text, (uint32_t)strlen(text));
}

void page_number(struct page *p, int64_t value) {
    static const char letters[] = "kmgtpe";
    bool binary = dice_once_in(p->dice, 2);
    int64_t factor = binary ? 1024 : 1000;
    uint32_t power = 0;
    while (power < 6 && value % factor == 0 && value != 0 && dice_once_in(p->dice, 2)) {
        value /= factor;
        power++;
    }
    page_add(p, "%" PRId64, value);
    if (power > 0) {
        add_any_case(p, letters + power - 1, 1);
        const char *more = binary ? ONE_OF(p, "b", "i", "ib") : "";
        add_any_case(p, more, (uint32_t)strlen(more));
    }
}

// Whether a text means itself without quotes around it.
static bool is_bare(const char *text) {
    static const char *const words[] = {"true", "false", "yes", "no", "on", "off"};
    for (uint32_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(text, words[i]) == 0)
            return false;
    }
    return strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                        "_.*>:-$") == strlen(text) &&
           isalpha((unsigned char)text[0]);
}

static void add_escaped(struct page *p, const char *text, bool quoted) {
    for (; *text != '\0'; text++) {
        static const char escaped[] = "\t\n\r\"\\";
        const char *known = strchr(escaped, *text);
        bool must = *text == '"' || *text == '\\' || !quoted;
        if (known != NULL && (must || dice_once_in(p->dice, 2)))
            page_add(p, "\\%c", "tnr\"\\"[known - escaped]);
        else if (dice_once_in(p->dice, 16))
            page_add(p, dice_once_in(p->dice, 2) ? "\\x%02x" : "\\x%02X", (uint8_t)*text);
        else
            page_add(p, "%c", *text);
    }
}

void page_text(struct page *p, const char *text) {
    size_t n = strlen(text);
    bool lines = n > 0 && text[n - 1] == '\n' && strstr(text, ")\n") == NULL;
    uint32_t way = dice_below(p->dice, 4);
    if (way == 0 && is_bare(text))
        page_add(p, "%s", text);
    else if (way == 1 && is_bare(text))
        add_escaped(p, text, false);
    else if (way == 2 && lines)
        page_add(p, "(%s)", text);
    else if (way < 3 && strchr(text, '\'') == NULL)
        page_add(p, "'%s'", text);
    else
        page_add(p, "\""), add_escaped(p, text, true), page_add(p, "\"");
}

int64_t page_duration(struct page *p) {
    static const struct {
        const char *name;
        int64_t ns;
        uint32_t most;
    } units[] = {{"h", 3600000000000, 400}, {"m", 60000000000, 200}, {"s", 1000000000, 100},
                 {"ms", 1000000, 2000},     {"us", 1000, 3000},      {"\xc2\xb5s", 1000, 10},
                 {"\xce\xbcs", 1000, 10},   {"ns", 1, 2000000}};
    int64_t ns = 0;
    bool any = false;
    for (uint32_t i = 0; i < 8; i++) {
        if (!dice_once_in(p->dice, 4) && (any || i < 7))
            continue;
        uint32_t whole = dice_below(p->dice, units[i].most);
        ns += whole * units[i].ns;
        any = true;
        page_add(p, "%u", whole);
        uint32_t digits = dice_once_in(p->dice, 4) ? dice_between(p->dice, 1, 3) : 0;
        int64_t each = units[i].ns;
        for (uint32_t k = 0; k < digits; k++) {
            uint32_t digit = dice_below(p->dice, 10);
            page_add(p, k == 0 ? ".%u" : "%u", digit);
            each /= 10;
            ns += digit * each;
        }
        page_add(p, "%s", units[i].name);
    }
    return ns;
}

void page_end(struct page *p, bool array) {
    // A block's parenthesis stands alone in its line.
    if (p->n > 1 && p->text[p->n - 1] == ')') {
        page_add(p, "\n");
        return;
    }
    page_add(p, "%s",
             array ? ONE_OF(p, ",", " \n", ", ", " # one\n", ",\n", "\t// two\r\n")
                   : ONE_OF(p, ",", "\n", ";", " \n", "\r\n", " # one\n", ",\n", "\n\n",
                            "\t// two\r\n"));
}
