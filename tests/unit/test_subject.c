// Subjects, every one against every other over a tiny alphabet.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "broker/core/subject.h"
#include "tests/unit/names.h"

static struct name names[1000];
static struct name literals[1000];

static const uint8_t *bytes(const struct name *name) {
    return (const uint8_t *)name->text;
}

static void expect(bool is, bool should_be, const char *what, const struct name *a,
                   const struct name *b) {
    if (is != should_be)
        fail_msg("%s: '%s' and '%s', not %d", what, a->text, b->text, is);
}

static void test_what_is_valid(void **state) {
    (void)state;
    static const char *const alphabet[] = {"a", "b", "*", ">", ""};
    uint32_t count = names_list(alphabet, 5, 4, names);
    for (struct name *name = names; name < names + count; name++) {
        expect(subject_valid(bytes(name), name->n), name_valid(name, true), "valid", name, name);
        expect(subject_literal(bytes(name), name->n), name_valid(name, false), "literal", name,
               name);
        assert_int_equal(subject_tokens(bytes(name), name->n), name->count);
    }
}

// A pattern covers another where it matches every literal that the other does; they overlap where
// some literal is matched by both. A letter that no pattern has stands for all other tokens, and a
// token more than any pattern has, for all longer subjects.
static void test_patterns_by_what_they_match(void **state) {
    (void)state;
    static const char *const alphabet[] = {"a", "b", "*", ">"};
    static const char *const letters[] = {"a", "b", "c"};
    uint32_t count = names_list(alphabet, 4, 3, names);
    uint32_t literal_count = names_list(letters, 3, 4, literals);
    const struct name *end = literals + literal_count;
    for (struct name *p = names; p < names + count; p++) {
        if (!name_valid(p, true))
            continue;
        for (const struct name *l = literals; l < end; l++)
            expect(subject_matches(bytes(p), p->n, bytes(l), l->n), name_matches(p, l), "matches",
                   p, l);
        for (struct name *s = names; s < names + count; s++) {
            if (!name_valid(s, true))
                continue;
            bool covers = true;
            bool overlaps = false;
            for (const struct name *l = literals; l < end; l++) {
                covers = covers && (name_matches(p, l) || !name_matches(s, l));
                overlaps = overlaps || (name_matches(p, l) && name_matches(s, l));
            }
            expect(subject_covers(bytes(p), p->n, bytes(s), s->n), covers, "covers", p, s);
            expect(subject_overlaps(bytes(p), p->n, bytes(s), s->n), overlaps, "overlaps", p, s);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_valid),
        cmocka_unit_test(test_patterns_by_what_they_match),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
