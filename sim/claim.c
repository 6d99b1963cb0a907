#include "sim/claim.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "sim/words.h"
#include "sim/world.h"

static const char *wrong_key(const char *what, const char *key) {
    static char text[128];
    snprintf(text, sizeof text, "a page says another %s: %s", what, key);
    return text;
}

uint32_t claim_take(struct claim *c, const char *key) {
    uint32_t i = tree_member(c->tree, c->object, key);
    c->claimed += i != 0;
    if (i == 0 && c->wrong == NULL)
        c->wrong = wrong_key("lacks", key);
    return i;
}

void claim_check(struct claim *c, bool right, const char *what, const char *key) {
    if (!right && c->wrong == NULL)
        c->wrong = wrong_key(what, key);
}

void claim_number(struct claim *c, const char *key, uint64_t v) {
    uint32_t i = claim_take(c, key);
    claim_check(c, c->tree->branch[i].type == TREE_NUMBER && tree_count(c->tree, i) == v, "number",
                key);
}

void claim_level(struct claim *c, const char *key, uint64_t v) {
    uint32_t i = claim_take(c, key);
    bool right = !c->still || tree_count(c->tree, i) == v;
    claim_check(c, c->tree->branch[i].type == TREE_NUMBER && right, "number", key);
}

void claim_counter(struct claim *c, const char *key, uint64_t least, uint64_t most) {
    uint64_t v = tree_count(c->tree, claim_take(c, key));
    claim_check(c, v >= least && v <= most, "counter", key);
}

void claim_number_if(struct claim *c, const char *key, uint64_t v) {
    if (v != 0)
        claim_number(c, key, v);
}

void claim_level_if(struct claim *c, const char *key, uint64_t v) {
    if (c->still ? v != 0 : tree_member(c->tree, c->object, key) != 0)
        claim_level(c, key, v);
}

void claim_fraction(struct claim *c, const char *key, double v, double grain) {
    uint32_t i = claim_take(c, key);
    double said = tree_number(c->tree, i);
    bool right = c->tree->branch[i].type == TREE_NUMBER && said > v - grain && said < v + grain;
    claim_check(c, !c->still || right, "fraction", key);
}

void claim_truth(struct claim *c, const char *key, bool v) {
    uint32_t i = claim_take(c, key);
    claim_check(c, c->tree->branch[i].type == TREE_TRUTH && tree_truth(c->tree, i) == v, "truth",
                key);
}

void claim_text(struct claim *c, const char *key, const char *v) {
    claim_check(c, tree_is(c->tree, claim_take(c, key), v), "text", key);
}

void claim_text_if(struct claim *c, const char *key, const char *v) {
    if (v[0] != '\0')
        claim_text(c, key, v);
}

const char *claim_shown(const uint8_t *bytes, uint32_t n) {
    static struct words w;
    w.n = 0;
    w.text[0] = '\0';
    for (uint32_t i = 0, part; i < n; i += part + (part == 0)) {
        part = words_rune(bytes + i, n - i);
        words_add_bytes(&w, part > 0 ? (const char *)bytes + i : "\xef\xbf\xbd",
                        part > 0 ? part : 3);
    }
    return w.text;
}

void claim_given(struct claim *c, const char *key, index_t t) {
    static uint8_t bytes[MIDGE_CONTROL_LINE_MAX + 1];
    uint32_t n = text_copy(&c->s->m, t, bytes, sizeof bytes);
    if (!c->still) {
        c->claimed += tree_member(c->tree, c->object, key) != 0;
        return;
    }
    claim_text_if(c, key, claim_shown(bytes, n));
}

// A time of day, of the wall's clock in microseconds.
static void add_time(struct words *w, uint64_t us) {
    time_t seconds = (time_t)(us / 1000000);
    struct tm tm;
    char fraction_text[16] = "";
    if (us == 0) {
        words_add(w, "0001-01-01T00:00:00Z");
        return;
    }
    tm = *gmtime(&seconds);
    if (us % 1000000 != 0) {
        int n = snprintf(fraction_text, sizeof fraction_text, ".%06u", (uint32_t)(us % 1000000));
        while (fraction_text[n - 1] == '0')
            fraction_text[--n] = '\0';
    }
    words_add(w, "%04d-%02d-%02dT%02d:%02d:%02d%sZ", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
              tm.tm_hour, tm.tm_min, tm.tm_sec, fraction_text);
}

void claim_day(struct claim *c, const char *key, uint64_t wall_us) {
    struct words w = {0};
    add_time(&w, wall_us);
    claim_text(c, key, w.text);
}

void claim_moment(struct claim *c, const char *key, uint64_t us) {
    claim_day(c, key, c->now->wall_us == 0 ? 0 : us + c->now->wall_us - c->now->us);
}

void claim_now(struct claim *c) {
    struct words first = {0}, last = {0};
    add_time(&first, c->begun->wall_us);
    add_time(&last, c->now->wall_us);
    uint32_t i = claim_take(c, "now");
    // It may have been written in any turn from the first to the last.
    claim_check(c,
                c->begun->us != c->now->us ||
                    (tree_is(c->tree, i, first.text) && tree_is(c->tree, i, last.text)),
                "time", "now");
}

void claim_age(struct claim *c, const char *key, uint64_t since_us, uint64_t until_us) {
    static const struct {
        char unit;
        uint64_t seconds;
    } units[] = {{'y', 31536000}, {'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};
    uint32_t i = claim_take(c, key);
    uint64_t first = c->begun->us > since_us ? (c->begun->us - since_us) / 1000000 : 0;
    uint64_t last = c->now->us > since_us ? (c->now->us - since_us) / 1000000 : 0;
    if (until_us != 0)
        first = last = (until_us - since_us) / 1000000;
    char said[64];
    uint64_t sum = 0;
    const char *at = said;
    tree_string(c->tree, i, said, sizeof said);
    bool any = false;
    for (uint32_t k = 0; k < 5; k++) {
        char *end;
        uint64_t v = strtoull(at, &end, 10);
        if (end == at || *end != units[k].unit) {
            claim_check(c, !any, "age", key);  // what is between two units is there too
            continue;
        }
        claim_check(c, any ? v < units[k - 1].seconds / units[k].seconds : v > 0 || k == 4, "age",
                    key);
        any = true;
        sum += v * units[k].seconds;
        at = end + 1;
    }
    claim_check(c, *at == '\0' && sum >= first && sum <= last, "age", key);
}

struct claim claim_within(const struct claim *outer, const char *key, uint32_t i) {
    struct claim c = *outer;
    c.object = key != NULL ? tree_member(outer->tree, outer->object, key) : i;
    c.claimed = 0;
    return c;
}

void claim_end(struct claim *outer, const struct claim *inner) {
    outer->claimed += inner->object != outer->object;
    outer->wrong = inner->wrong;
    const struct branch *b = &outer->tree->branch[inner->object];
    if (outer->wrong != NULL || inner->claimed == b->size)
        return;
    static char what[128];
    snprintf(what, sizeof what, "a page says more, or less, than it must: %.*s", 60,
             b->text != NULL ? b->text : "");
    outer->wrong = what;
}

void claim_empty(struct claim *c, const char *key, enum tree_type type) {
    uint32_t i = claim_take(c, key);
    claim_check(c, c->tree->branch[i].type == type && c->tree->branch[i].size == 0, "emptiness",
                key);
}

void claim_zeros(struct claim *outer, const char *key, const char *const *names) {
    struct claim c = claim_within(outer, key, 0);
    for (; *names != NULL; names++)
        claim_number(&c, *names, 0);
    claim_end(outer, &c);
}
