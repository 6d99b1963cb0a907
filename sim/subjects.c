#include "sim/subjects.h"

#include <string.h>

bool subjects_match(const char *pattern, const char *subject) {
    for (;;) {
        if (pattern[0] == '>' && pattern[1] == '\0')
            return *subject != '\0';
        size_t p = strcspn(pattern, "."), s = strcspn(subject, ".");
        if (!(p == 1 && pattern[0] == '*') && (p != s || memcmp(pattern, subject, p) != 0))
            return false;
        pattern += p;
        subject += s;
        if (*pattern == '\0' || *subject == '\0')
            return *pattern == *subject;
        pattern++;
        subject++;
    }
}

static void add(struct subject *s, const char *text) {
    uint32_t n = (uint32_t)strlen(text);
    memcpy(s->text + s->bytes, text, n + 1);
    s->bytes += n;
}

static void make(struct subject *s, struct dice *d, uint32_t words, bool wild, bool open) {
    static const char *const tokens[] = {"a", "b", "c", "12345678", "sensor", "a-longer-one",
                                         "d", "e"};
    uint32_t depth = dice_between(d, 1, 4);
    for (uint32_t i = 0; i < depth; i++) {
        if (i > 0)
            add(s, ".");
        uint32_t kind = wild && (open || i > 0) ? dice_below(d, 6) : 5;
        if (kind == 0) {
            add(s, ">");
            return;
        }
        add(s, kind == 1 ? "*" : tokens[dice_below(d, words)]);
    }
}

static void make_inbox(struct subject *s, uint32_t number, const char *last) {
    char digits[3] = {(char)('a' + number / 8 % 8), (char)('a' + number % 8), '\0'};
    add(s, "_INBOX.");
    add(s, digits);
    add(s, last);
}

static void match_common(struct subjects *s, uint32_t subject) {
    for (uint32_t p = 0; p < s->patterns; p++) {
        if (subjects_match(s->pattern[p].text, s->subject[subject].text))
            s->matching[subject][p / 64] |= (uint64_t)1 << p % 64;
    }
}

void subjects_make(struct subjects *s, struct dice *d, bool open) {
    memset(s, 0, sizeof *s);
    uint32_t words = dice_between(d, 1, 8);
    s->count = dice_between(d, 1, SUBJECTS_COMMON);
    s->patterns = dice_between(d, 1, SUBJECTS_COMMON);
    for (uint32_t i = 0; i < s->count; i++)
        make(&s->subject[i], d, words, false, open);
    for (uint32_t i = 0; i < s->patterns; i++)
        make(&s->pattern[i], d, words, true, open);
    for (uint32_t i = SUBJECTS_COMMON; i < SUBJECTS_MAX; i++) {
        make_inbox(&s->subject[i], i - SUBJECTS_COMMON, ".reply");
        make_inbox(&s->pattern[i], i - SUBJECTS_COMMON, ".*");
    }
    for (uint32_t i = 0; i < s->count; i++)
        match_common(s, i);
    // Inboxes are alike to all patterns but their own.
    match_common(s, SUBJECTS_COMMON);
    for (uint32_t i = SUBJECTS_COMMON; i < SUBJECTS_MAX; i++) {
        s->matching[i][0] = s->matching[SUBJECTS_COMMON][0];
        s->matching[i][i / 64] |= (uint64_t)1 << i % 64;
    }
}
