#include "sim/rights.h"

#include <stdio.h>
#include <string.h>

enum { PUBLISH_ALLOW, PUBLISH_DENY, SUBSCRIBE_ALLOW, SUBSCRIBE_DENY };

// Whether a pattern admits all that another stands for: as a match of its tokens, but that a `>`
// is more than one `*` admits.
static bool covers(const char *pattern, const char *other) {
    if (!subjects_match(pattern, other))
        return false;
    size_t p = strlen(pattern), o = strlen(other);
    bool open = other[o - 1] == '>';
    return !open || pattern[p - 1] == '>';
}

// Whether one of a list holds.
static bool any(const struct user *u, uint32_t list, const struct subjects *s, const char *text,
                bool (*holds)(const char *, const char *)) {
    for (uint32_t i = 0; i < u->count[list]; i++) {
        if (holds(s->pattern[u->pattern[list][i]].text, text))
            return true;
    }
    return false;
}

static void set(uint64_t *bits, uint32_t i, bool value) {
    bits[i / 64] |= (uint64_t)value << i % 64;
}

static void tabulate(struct user *u, const struct subjects *s) {
    for (uint32_t i = 0; i < SUBJECTS_MAX; i++) {
        const char *subject = s->subject[i].text;
        bool allowed =
            u->count[PUBLISH_ALLOW] == 0 || any(u, PUBLISH_ALLOW, s, subject, subjects_match);
        set(u->publish, i, allowed && !any(u, PUBLISH_DENY, s, subject, subjects_match));
        set(u->receive, i, !any(u, SUBSCRIBE_DENY, s, subject, subjects_match));
        const char *pattern = s->pattern[i].text;
        if (pattern[0] == '\0')
            continue;
        allowed = u->count[SUBSCRIBE_ALLOW] == 0 || any(u, SUBSCRIBE_ALLOW, s, pattern, covers);
        set(u->subscribe, i, allowed && !any(u, SUBSCRIBE_DENY, s, pattern, subjects_match));
    }
}

void rights_make(struct rights *r, const struct subjects *s, struct dice *d) {
    memset(r, 0, sizeof *r);
    r->users = dice_between(d, 1, USERS_MAX);
    for (uint32_t i = 0; i < r->users; i++) {
        struct user *u = &r->user[i];
        u->secret = dice_below(d, 2);
        for (uint32_t list = 0; list < LISTS; list++) {
            u->count[list] = (uint8_t)(dice_once_in(d, 2) ? dice_between(d, 1, LIST_MAX) : 0);
            for (uint32_t k = 0; k < u->count[list]; k++)
                u->pattern[list][k] = (uint8_t)dice_below(d, s->patterns);
        }
        tabulate(u, s);
    }
}

void rights_narrow(struct rights *r, const struct subjects *s, struct dice *d) {
    static const enum door doors[] = {DOOR_USERS, DOOR_USERS, DOOR_USER, DOOR_TOKEN};
    r->door = doors[dice_below(d, 4)];
    if (r->door == DOOR_USERS)
        return;
    r->users = 1;
    r->user[0] = (struct user){.secret = r->user[0].secret};
    tabulate(&r->user[0], s);
}

uint32_t rights_write(const struct rights *r, const struct subjects *s, char *to, uint32_t max) {
    static const char *const heads[LISTS] = {"publish: {allow: [", "], deny: [",
                                             "]}, subscribe: {allow: [", "], deny: ["};
    if (r->door != DOOR_USERS)
        return (uint32_t)snprintf(
            to, max, "authorization {\n  timeout: 2\n%s \"secret %u\"\n}\n",
            r->door == DOOR_TOKEN ? "  token:" : "  user: u0, password:", r->user[0].secret);
    uint32_t n = (uint32_t)snprintf(to, max, "authorization {\n  timeout: 2\n  users = [\n");
    for (uint32_t i = 0; i < r->users; i++) {
        const struct user *u = &r->user[i];
        n += (uint32_t)snprintf(to + n, max - n,
                                "    {user: u%u, password: \"secret %u\", permissions: {", i,
                                u->secret);
        for (uint32_t list = 0; list < LISTS; list++) {
            n += (uint32_t)snprintf(to + n, max - n, "%s", heads[list]);
            for (uint32_t k = 0; k < u->count[list]; k++)
                n += (uint32_t)snprintf(to + n, max - n, "%s\"%s\"", k > 0 ? ", " : "",
                                        s->pattern[u->pattern[list][k]].text);
        }
        n += (uint32_t)snprintf(to + n, max - n, "]}}}\n");
    }
    return n + (uint32_t)snprintf(to + n, max - n,
                                  "    {user: examiner, password: \"every right\", permissions: {"
                                  "publish: {allow: [\">\"], deny: [\"answers.>\"]}, "
                                  "allow_responses: {max: %u, expires: \"1h\"}}}\n  ]\n}\n",
                                  RESPONSES);
}
