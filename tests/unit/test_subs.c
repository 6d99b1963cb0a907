// The subject table against a list of subscriptions that is searched from end to end.

#include "tests/unit/broker.h"

#include <stdio.h>

#include "tests/unit/names.h"

static struct name patterns[400];
static struct name literals[400];
static uint32_t patterns_count, literals_count;

// The subscriptions by sid: a pattern each, plain or in one of two queues.
#define SUBS 120
static struct {
    const struct name *pattern;  // NULL: none
    const char *queue;
    index_t sub;
} wanted[SUBS];

static uint16_t owner;

static void insert(struct midge *m, uint32_t sid, const struct name *pattern, const char *queue) {
    // Every third sid is too long for its place in the subscription.
    char text[32];
    int n = snprintf(text, sizeof text, sid % 3 == 0 ? "a-sid-of-many-bytes-%u" : "%u", sid);
    struct sub_wish wish = {.root = m->root,
                            .owner = owner,
                            .subject = (const uint8_t *)pattern->text,
                            .subject_bytes = pattern->n,
                            .queue = (const uint8_t *)queue,
                            .queue_bytes = (uint32_t)strlen(queue),
                            .sid = (const uint8_t *)text,
                            .sid_bytes = (uint32_t)n};
    wanted[sid].pattern = pattern;
    wanted[sid].queue = queue;
    wanted[sid].sub = subs_insert(m, &wish);
    assert_int_not_equal(wanted[sid].sub, 0);
    assert_int_equal(subs_find(m, owner, wish.sid, wish.sid_bytes), wanted[sid].sub);
    uint8_t shown[64];
    assert_int_equal(subs_subject(m, wanted[sid].sub, shown, sizeof shown), pattern->n);
    assert_memory_equal(shown, pattern->text, pattern->n);
    assert_int_equal(subs_queue(m, wanted[sid].sub, shown, sizeof shown), strlen(queue));
    assert_int_equal(subs_sid(m, wanted[sid].sub, shown, sizeof shown), n);
    assert_memory_equal(shown, text, n);
}

static void remove_sub(struct midge *m, uint32_t sid) {
    subs_remove(m, wanted[sid].sub);
    wanted[sid].pattern = NULL;
}

// How many times a subscription stands among the nodes of a match.
static uint32_t times_among(const struct midge *m, index_t sub, const index_t *nodes,
                            uint32_t count) {
    uint32_t times = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct node *node = &m->nodes[nodes[i]];
        for (index_t s = node->plain; s != 0; s = m->subscriptions[s].next)
            times += s == sub;
        for (index_t g = node->groups; g != 0; g = m->groups[g].next) {
            index_t s = m->groups[g].cursor;
            for (uint32_t left = m->groups[g].members; left > 0;
                 left--, s = m->subscriptions[s].next)
                times += s == sub;
        }
    }
    return times;
}

static void expect_found(struct midge *m, const struct name *literal, struct matched found) {
    for (uint32_t sid = 0; sid < SUBS; sid++) {
        if (wanted[sid].pattern == NULL)
            continue;
        uint32_t times = times_among(m, wanted[sid].sub, found.nodes, found.count);
        if (times != name_matches(wanted[sid].pattern, literal))
            fail_msg("'%s' %u times for '%s'", wanted[sid].pattern->text, times, literal->text);
    }
}

static void expect_matches(struct midge *m, const struct name *literal) {
    expect_found(m, literal, match(m, m->root, (const uint8_t *)literal->text, literal->n));
}

static struct midge *start(void) {
    static const char *const alphabet[] = {"a", "b", "*", ">"};
    static const char *const letters[] = {"a", "b", "c"};
    struct midge *m = broker_start(1000, 256);
    owner = conn_open(m, MIDGE_CLIENT, NULL);
    memset(wanted, 0, sizeof wanted);
    literals_count = names_list(letters, 3, 4, literals);
    uint32_t all = names_list(alphabet, 4, 4, patterns);
    patterns_count = 0;
    for (uint32_t i = 0; i < all; i++) {
        if (name_valid(&patterns[i], true))
            patterns[patterns_count++] = patterns[i];
    }
    return m;
}

static const struct name *any_literal(void) {
    return &literals[chance(literals_count)];
}

static void test_each_pattern_alone(void **state) {
    (void)state;
    struct midge *m = start();
    for (uint32_t i = 0; i < patterns_count; i++) {
        insert(m, i % 3, &patterns[i], i % 2 == 0 ? "" : "queue");
        for (uint32_t k = 0; k < literals_count; k++)
            expect_matches(m, &literals[k]);
        remove_sub(m, i % 3);
    }
}

static void test_many_that_come_and_go(void **state) {
    (void)state;
    static const char *const queues[] = {"", "", "workers", "a queue with a long name"};
    struct midge *m = start();
    struct pool before[POOL_COUNT];
    memcpy(before, m->pools, sizeof before);
    for (uint32_t round = 0; round < 5000; round++) {
        uint32_t sid = chance(SUBS);
        if (wanted[sid].pattern != NULL)
            remove_sub(m, sid);
        else
            insert(m, sid, &patterns[chance(patterns_count)], queues[chance(4)]);
        // Twice, and a third time: walked for, remembered, and found again.
        const struct name *literal = any_literal();
        expect_matches(m, literal);
        expect_matches(m, literal);
        expect_matches(m, literal);
    }
    for (uint32_t sid = 0; sid < SUBS; sid++) {
        if (wanted[sid].pattern != NULL)
            remove_sub(m, sid);
    }
    for (uint32_t i = 0; i < POOL_COUNT; i++)
        assert_int_equal(m->pools[i].used, before[i].used);
    assert_true(m->cache_hits > 0);
}

static struct lookup lookup_of(struct midge *m, const struct name *literal) {
    return (struct lookup){
        .subject = (const uint8_t *)literal->text, .bytes = literal->n, .root = m->root};
}

// Several at once find what each alone does, however many there are.
static void test_several_at_once(void **state) {
    (void)state;
    struct midge *m = start();
    uint32_t together = 0;
    for (uint32_t round = 0; round < 5000; round++) {
        uint32_t sid = chance(SUBS);
        if (wanted[sid].pattern != NULL)
            remove_sub(m, sid);
        else
            insert(m, sid, &patterns[chance(patterns_count)], "");
        struct lookup lookups[MIDGE_MATCH_AHEAD];
        const struct name *names[MIDGE_MATCH_AHEAD];
        uint32_t count = 1 + chance(MIDGE_MATCH_AHEAD);
        for (uint32_t i = 0; i < count; i++) {
            names[i] = any_literal();
            lookups[i] = lookup_of(m, names[i]);
            match_recall(m, &lookups[i]);
        }
        uint32_t found = match_ahead(m, lookups, count);
        assert_in_range(found, 0, count);
        for (uint32_t i = 0; i < found; i++)
            expect_found(m, names[i], lookups[i].found);
        together += found > 1;
    }
    assert_in_range(together, 1000, 5000);
}

// What a match costs depends on the subject, not on how many subscriptions there are.
static uint32_t probes_a_match(uint32_t subscriptions) {
    struct midge *m = broker_start(1000, 256);
    owner = conn_open(m, MIDGE_CLIENT, NULL);
    char text[32], number[16];
    for (uint32_t i = 0; i < subscriptions; i++) {
        int n = snprintf(text, sizeof text, "site.%u.*.temperature", i);
        int digits = snprintf(number, sizeof number, "%u", i);
        struct sub_wish wish = {.root = m->root,
                                .owner = owner,
                                .subject = (uint8_t *)text,
                                .subject_bytes = (uint32_t)n,
                                .sid = (uint8_t *)number,
                                .sid_bytes = (uint32_t)digits};
        assert_int_not_equal(subs_insert(m, &wish), 0);
    }
    uint32_t rounds = 10000;
    for (uint32_t i = 0; i < rounds; i++) {
        int n = snprintf(text, sizeof text, "site.%u.%u.temperature", chance(subscriptions), i);
        assert_int_equal(match(m, m->root, (uint8_t *)text, (uint32_t)n).count, 1);
    }
    assert_int_equal(m->matches, rounds);
    assert_int_equal(m->probes % rounds, 0);
    return (uint32_t)(m->probes / rounds);
}

static void test_probes(void **state) {
    (void)state;
    assert_int_equal(probes_a_match(100), 3);
    assert_int_equal(probes_a_match(100000), 3);
}

// Subjects of every number of tokens up to one more than the deepest subscription may have.
static void test_deep_subjects(void **state) {
    (void)state;
    static char deep[2 * (MIDGE_TOKENS_MAX + 2)];
    struct midge *m = start();
    insert(m, 1, &(struct name){.text = ">", .n = 1}, "");
    insert(m, 2, &(struct name){.text = "a.*.>", .n = 5}, "");
    for (uint32_t tokens = 1; tokens <= MIDGE_TOKENS_MAX + 1; tokens += 1 + tokens / 40) {
        for (uint32_t i = 0; i < tokens; i++)
            memcpy(deep + 2 * i, "a.", 2);
        struct lookup lookups[MIDGE_MATCH_AHEAD];
        for (uint32_t i = 0; i < MIDGE_MATCH_AHEAD; i++) {
            // One of them has an empty token at its end, and matches nothing.
            uint32_t n = 2 * tokens - (i == 1 ? 0 : 1);
            lookups[i] = (struct lookup){(const uint8_t *)deep, n, m->root, 0, UNMATCHED};
            match_recall(m, &lookups[i]);
            struct matched alone = match(m, m->root, (const uint8_t *)deep, n);
            assert_int_equal(alone.count, i == 1 ? 0 : tokens > 2 ? 2 : 1);
        }
        uint32_t found = match_ahead(m, lookups, MIDGE_MATCH_AHEAD);
        assert_true(found >= 1);
        for (uint32_t i = 0; i < found; i++)
            assert_int_equal(lookups[i].found.count, i == 1 ? 0 : tokens > 2 ? 2 : 1);
    }
}

// Each member of a group is as likely as any other.
static void test_picks_are_fair(void **state) {
    (void)state;
    struct midge *m = start();
    uint32_t picked[10] = {0};
    for (uint32_t i = 0; i < 10; i++)
        insert(m, i, &patterns[0], "queue");
    index_t group = m->subscriptions[wanted[0].sub].home;
    for (uint32_t i = 0; i < 100000; i++) {
        index_t sub = subs_pick(m, group);
        uint32_t sid = 0;
        while (wanted[sid].sub != sub)
            sid++;
        picked[sid]++;
    }
    for (uint32_t i = 0; i < 10; i++)
        assert_in_range(picked[i], 9500, 10500);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_pattern_alone), cmocka_unit_test(test_many_that_come_and_go),
        cmocka_unit_test(test_several_at_once),    cmocka_unit_test(test_probes),
        cmocka_unit_test(test_deep_subjects),      cmocka_unit_test(test_picks_are_fair),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
