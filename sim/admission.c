#include "sim/admission.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim/script.h"
#include "sim/world.h"

// What a rule might name, of subscriptions with a queue too.
static void roll_rule(struct script *s, struct grant *g, uint32_t rule) {
    static const char *const subjects[] = {"a",    "a.*",     ">",  "b.>", "sensor.12345678",
                                           "a q1", "a.* q.*", "> >"};
    g->count[rule] = (uint8_t)dice_below(s->dice, 3);
    for (uint32_t i = 0; i < g->count[rule]; i++)
        strcpy(g->subject[rule][i], subjects[dice_below(s->dice, rule < 2 ? 5 : 8)]);
}

static void roll_grant(struct script *s, struct grant *g) {
    memset(g, 0, sizeof *g);
    for (uint32_t rule = 0; rule < RULES; rule++)
        roll_rule(s, g, rule);
}

static void write_subjects(struct script *s, struct page *p, const struct grant *g, uint32_t rule) {
    bool array = g->count[rule] != 1 || dice_once_in(s->dice, 2);
    page_add(p, array ? "[" : "");
    for (uint32_t i = 0; i < g->count[rule]; i++) {
        page_text(p, g->subject[rule][i]);
        if (array)
            page_end(p, true);
    }
    page_add(p, array ? "]" : "");
}

// A map of what may be published and subscribed to; what is empty may be left out.
static void write_grant(struct script *s, struct page *p, const struct grant *g) {
    static const char *const sides[] = {"publish|pub|import", "subscribe|sub|export"};
    page_add(p, "{");
    for (uint32_t side = 0; side < RULES; side += 2) {
        if (g->count[side] + g->count[side + 1] == 0 && dice_once_in(s->dice, 2))
            continue;
        page_gap(p);
        page_key(p, sides[side / 2]);
        bool whole = g->count[side + 1] == 0 && dice_once_in(s->dice, 2);
        if (whole)
            write_subjects(s, p, g, side);
        else
            page_add(p, "{");
        for (uint32_t rule = side; !whole && rule < side + 2; rule++) {
            if (g->count[rule] == 0 && dice_once_in(s->dice, 2))
                continue;
            page_gap(p);
            page_key(p, rule == side ? "allow" : "deny");
            write_subjects(s, p, g, rule);
            page_end(p, false);
        }
        page_add(p, whole ? "" : "}");
        page_end(p, false);
    }
    page_add(p, "}");
}

static void roll_name(struct script *s, char to[24]) {
    static const char *const names[] = {"ada", "bob", "eve", "u 1", "x\"y", "\xc3\xa4", "token"};
    strcpy(to, names[dice_below(s->dice, sizeof names / sizeof names[0])]);
}

static void roll_login(struct script *s, struct login *l) {
    *l = (struct login){.granted = dice_once_in(s->dice, 2)};
    roll_name(s, l->name);
    if (!dice_once_in(s->dice, 4))
        roll_name(s, l->password);
    if (l->granted)
        roll_grant(s, &l->grant);
}

static void write_login(struct script *s, struct page *p, const struct login *l) {
    page_add(p, "{");
    page_key(p, "user|username");
    page_text(p, l->name);
    page_end(p, false);
    if (l->password[0] != '\0') {
        page_key(p, "pass|password");
        page_text(p, l->password);
        page_end(p, false);
    }
    if (l->granted) {
        page_key(p, "permissions|permission|authorization");
        write_grant(s, p, &l->grant);
        page_end(p, false);
    }
    page_add(p, "}");
}

static void write_timeout(struct script *s, struct page *p) {
    uint32_t i = SETTING(auth_timeout_ms);
    char text[64];
    uint32_t way = dice_below(s->dice, 4);
    uint32_t whole = dice_below(s->dice, 100);
    int64_t ms = whole * 1000;
    page_gap(p);
    struct spot spot = page_key(p, "timeout");
    if (way == 0) {
        snprintf(text, sizeof text, "%u", whole);
        page_add(p, "%s", text);
    } else if (way == 1) {
        snprintf(text, sizeof text, "%u.5", whole);
        page_add(p, "%s", text);
        ms += 500;
    } else if (way == 2) {
        ms = script_duration(s, text);
        page_text(p, text);
    } else {
        const struct no_duration *none = script_no_duration(s);
        page_text(p, none->text);
        script_owe(s, 'E', &spot, "error parsing authorization config, 'timeout' %s", none->why);
        page_end(p, false);
        return;
    }
    if (ms > 60000)
        script_owe(s, 'W', &spot,
                   "invalid use of field \"%s\": timeout of %s (%" PRId64 ".%03" PRId64
                   "000 seconds) is high, consider keeping it under 60 seconds. possibly caused by "
                   "unquoted duration; use '1m' instead of 1m, for example",
                   spot.key, text, ms / 1000, ms % 1000);
    page_end(p, false);
    script_number(s, &spot, i, ms);
}

// What of the blocks contradicts itself.
static void owe_contradiction(struct script *s, const struct spot *spot) {
    struct outcome *o = &s->outcome;
    if ((o->username[0] || o->password[0]) && o->token[0]) {
        script_owe(s, 'E', spot, "Cannot have a user/pass and token");
    } else if (o->logins > 0 && o->username[0]) {
        script_owe(s, 'E', spot, "Can not have a single user/pass and a users array");
    } else if (o->logins > 0 && o->token[0]) {
        script_owe(s, 'E', spot, "Can not have a token and a users array");
    } else {
        for (uint32_t i = 1; i < o->logins; i++) {
            for (uint32_t k = 0; k < i; k++) {
                if (strcmp(o->login[i].name, o->login[k].name) != 0)
                    continue;
                struct words name = {0};
                words_add_quoted(&name, o->login[i].name, (uint32_t)strlen(o->login[i].name));
                script_owe(s, 'E', spot, "Duplicate user %s detected", name.text);
                return;
            }
        }
    }
}

static void write_secret(struct script *s, struct page *p, const char *key, const char *secret) {
    if (secret[0] == '\0' && !dice_once_in(s->dice, 8))
        return;
    page_gap(p);
    page_key(p, key);
    page_text(p, secret);
    page_end(p, false);
}

static void write_logins(struct script *s, struct page *p) {
    const struct outcome *o = &s->outcome;
    page_gap(p);
    page_key(p, "users");
    page_add(p, "[");
    for (uint32_t i = 0; i < o->logins; i++) {
        write_login(s, p, &o->login[i]);
        page_end(p, true);
    }
    page_add(p, "]");
    page_end(p, false);
}

// The block, which takes the place of any before it.
static void write_authorization(struct script *s, bool timeout) {
    const struct outcome *o = &s->outcome;
    struct page *p = script_open(s);
    struct spot spot = page_key(p, "authorization");
    page_add(p, "{");
    write_secret(s, p, "user|username", o->username);
    write_secret(s, p, "pass|password", o->password);
    write_secret(s, p, "token", o->token);
    if (timeout)
        write_timeout(s, p);
    if (o->granted_all) {
        page_key(p, "default_permissions|default_permission|permissions");
        write_grant(s, p, &o->grant_all);
        page_end(p, false);
    }
    if (o->logins > 0)
        write_logins(s, p);
    page_add(p, "}");
    page_end(p, false);
    owe_contradiction(s, &spot);
}

void admission_write(struct script *s) {
    struct outcome *o = &s->outcome;
    uint32_t ways = 1u << dice_below(s->dice, 4);
    o->username[0] = o->password[0] = o->token[0] = '\0';
    o->logins = ways & 4 ? dice_between(s->dice, 1, 4) : 0;
    o->granted_all = dice_once_in(s->dice, 4);
    if (dice_once_in(s->dice, 8))
        ways = dice_below(s->dice, 16);
    if (ways & 1)
        roll_name(s, o->username);
    if ((ways & 1) && dice_once_in(s->dice, 2))
        roll_name(s, o->password);
    if (ways & 2)
        roll_name(s, o->token);
    if (o->granted_all)
        roll_grant(s, &o->grant_all);
    for (uint32_t i = 0; i < o->logins; i++)
        roll_login(s, &o->login[i]);
    write_authorization(s, dice_once_in(s->dice, 4));
}
