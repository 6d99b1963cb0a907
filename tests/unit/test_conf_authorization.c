// Users and permissions: what comes of them in the configuration.

#include "tests/unit/conf/reading.h"

static const struct midge_permissions *permissions_of(const char *name) {
    for (uint32_t i = 0; i < config.users_count; i++) {
        const struct midge_user *user = &config.users[i];
        if (strcmp(text_of(user->name), name) == 0)
            return user->permissions == 0 ? NULL : &config.permissions[user->permissions - 1];
    }
    fail_msg("no user %s", name);
    return NULL;
}

// A list as one text, its subjects separated by blanks.
static const char *list_of(struct midge_list list) {
    static char text[4][256];
    static int turn;
    char *to = text[turn++ % 4];
    to[0] = '\0';
    for (uint32_t i = 0; i < list.count; i++)
        sprintf(to + strlen(to), "%s%s", i > 0 ? ", " : "",
                text_of(config.subjects[list.first + i]));
    return to;
}

static void test_one_user(void **state) {
    (void)state;
    read_good("authorization { username: ada, pass: lovelace }");
    assert_string_equal(text_of(config.username), "ada");
    assert_string_equal(text_of(config.password), "lovelace");
    read_good("authorization { token: \"s3\\x63ret\" }");
    assert_string_equal(text_of(config.token), "s3cret");
}

static void test_users(void **state) {
    (void)state;
    read_good("authorization { users: [ {user: ada, password: a}, {username: bob, pass: b}, {user: "
              "c} ] }");
    assert_int_equal(config.users_count, 3);
    assert_string_equal(text_of(config.users[0].name), "ada");
    assert_string_equal(text_of(config.users[0].password), "a");
    assert_string_equal(text_of(config.users[1].name), "bob");
    assert_string_equal(text_of(config.users[1].password), "b");
    assert_string_equal(text_of(config.users[2].password), "");
    assert_null(permissions_of("ada"));
}

static void test_permissions(void **state) {
    (void)state;
    read_good(
        "authorization { users: [\n"
        "  {user: all, permissions: {publish: {allow: [a, \"b.*\"], deny: c}, subscribe: {allow: "
        "\"d.>\", deny: [e, \"f q\"]}}}\n"
        "  {user: old, permissions: {publish: a, subscribe: [b, c]}}\n"
        "  {user: none, permissions: {publish: {}, subscribe: []}}\n"
        "] }");
    const struct midge_permissions *p = permissions_of("all");
    assert_string_equal(list_of(p->publish_allow), "a, b.*");
    assert_string_equal(list_of(p->publish_deny), "c");
    assert_string_equal(list_of(p->subscribe_allow), "d.>");
    assert_string_equal(list_of(p->subscribe_deny), "e, f q");
    p = permissions_of("old");
    assert_string_equal(list_of(p->publish_allow), "a");
    assert_string_equal(list_of(p->subscribe_allow), "b, c");
    assert_int_equal(p->publish_deny.count + p->subscribe_deny.count, 0);
    p = permissions_of("none");
    assert_int_equal(p->publish_allow.count + p->subscribe_allow.count, 0);
}

// Users without permissions of their own get the default ones, wherever in the block these stand.
static void test_default_permissions(void **state) {
    (void)state;
    read_good(
        "authorization { users: [ {user: a}, {user: b, permissions: {publish: own}}, {user: c, "
        "permissions: {}} ], default_permissions: {publish: common} }");
    assert_string_equal(list_of(permissions_of("a")->publish_allow), "common");
    assert_string_equal(list_of(permissions_of("b")->publish_allow), "own");
    assert_int_equal(permissions_of("c")->publish_allow.count, 0);
}

// Sets that say the same are kept once, with their texts.
static void test_sets_are_shared(void **state) {
    (void)state;
    read_good("authorization {\n"
              "  P: { publish: [a, b], subscribe: {deny: c} }\n"
              "  users: [ {user: a, permissions: $P}, {user: b, permissions: $P}\n"
              "    {user: c, permissions: {publish: [a, b]}}\n"
              "    {user: d, permissions: {subscribe: {deny: c}, publish: [a, b]}} ]\n"
              "}");
    assert_int_equal(config.permissions_count, 2);
    // Two sets of texts, of two bytes each with their ends; four names; the empty text.
    assert_int_equal(config.text_bytes, (3 + 2 + 4) * 2 + 1);
    assert_int_equal(config.subjects_count, 5);
    assert_ptr_equal(permissions_of("a"), permissions_of("b"));
    assert_ptr_equal(permissions_of("a"), permissions_of("d"));
    assert_ptr_not_equal(permissions_of("a"), permissions_of("c"));
    assert_string_equal(text_of(config.users[3].name), "d");
    assert_string_equal(list_of(permissions_of("c")->publish_allow), "a, b");
}

// A block takes the place of the one before it.
static void test_a_second_block(void **state) {
    (void)state;
    read_good("authorization { users: [ {user: a, permissions: {publish: x}} ] }\n"
              "authorization { token: t }");
    assert_int_equal(config.users_count + config.permissions_count + config.subjects_count, 0);
    assert_string_equal(text_of(config.token), "t");
    read_good(
        "authorization { user: a, pass: b }\nauthorization { users: [ {user: c} ], users: [ {user: "
        "d} ] }");
    assert_int_equal(config.username, 0);
    assert_int_equal(config.users_count, 1);
    assert_string_equal(text_of(config.users[0].name), "d");
}

static char text[1 << 21];

static const char *repeat(const char *before, const char *part, int count, const char *after) {
    size_t n = (size_t)sprintf(text, "%s", before);
    for (int i = 0; i < count; i++)
        n += (size_t)sprintf(text + n, part, i);
    sprintf(text + n, "%s", after);
    return text;
}

static void test_limits(void **state) {
    (void)state;
    read_good(repeat("authorization { users: [", "{user: u%d}\n", MIDGE_USERS_MAX, "] }"));
    assert_int_equal(config.users_count, MIDGE_USERS_MAX);
    assert_false(
        read_text(repeat("authorization { users: [", "{user: u%d}\n", MIDGE_USERS_MAX + 1, "] }")));
    assert_non_null(strstr(said, ": more than 4096 users\n"));
    // One complaint, however many there are.
    read_bad(repeat("authorization { users: [\n", "{user: u%d}\n", MIDGE_USERS_MAX + 5, "] }"),
             "E u.conf:4098:2: more than 4096 users\n");

    // Each user has a set of its own: one more, the default's, is one too many.
    const char *own = "{user: u%d, permissions: {publish: s%1$d}}\n";
    read_good(repeat("authorization { users: [", own, MIDGE_PERMISSIONS_MAX, "] }"));
    assert_int_equal(config.permissions_count, MIDGE_PERMISSIONS_MAX);
    read_bad(repeat("authorization {\nusers: [", own, MIDGE_PERMISSIONS_MAX,
                    "]\npermissions: {publish: a} }"),
             "E u.conf:4099:1: more than 4096 sets of permissions\n");

    read_good(repeat("authorization { permissions: {publish: [", "s%d\n",
                     MIDGE_PERMISSION_SUBJECTS_MAX, "]} }"));
    assert_int_equal(config.subjects_count, MIDGE_PERMISSION_SUBJECTS_MAX);
    read_bad(repeat("authorization { permissions: {publish: [", "s%d\n",
                    MIDGE_PERMISSION_SUBJECTS_MAX + 1, "]} }"),
             "E u.conf:1:30: more than 32768 subjects in permissions\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_user),        cmocka_unit_test(test_users),
        cmocka_unit_test(test_permissions),     cmocka_unit_test(test_default_permissions),
        cmocka_unit_test(test_sets_are_shared), cmocka_unit_test(test_a_second_block),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
