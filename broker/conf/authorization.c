#include "broker/conf/authorization.h"

#include "broker/auth/nkey.h"
#include "broker/conf/option.h"
#include "broker/conf/value.h"
#include "broker/core/chars.h"
#include "broker/core/subject.h"

// ---- The block ----------------------------------------------------------------------------------

bool users_have(const struct midge_config *config, uint32_t count, const char *name) {
    for (uint32_t i = 0; i < count; i++) {
        if (chars_same(midge_config_text(config, config->users[i].name), name))
            return true;
    }
    return false;
}

static void check_names(struct reader *r, const struct entry *e) {
    const struct midge_config *config = r->config;
    for (uint32_t i = 1; i < config->users_count; i++) {
        const char *name = midge_config_text(config, config->users[i].name);
        if (users_have(config, i, name)) {
            const char *sentence = SAY("Duplicate user %q detected", "another name than %q");
#if MIDGE_NKEYS && MIDGE_CONFIG_HUB
            if (config->users[i].nkey != 0)
                sentence = "Duplicate nkey %q detected";
#endif
            reader_complain(r, &e->at, sentence, WORDS(word(name)));
            return;
        }
    }
}

void authorization_read(struct reader *r, const struct entry *e) {
    struct midge_config *config = r->config;
    config->username = config->password = config->token = 0;
    config->default_permissions = 0;
    config->users_count = config->permissions_count = config->subjects_count = 0;
    struct entry inner;
    options_read(r, PLACE_AUTHORIZATION, config, &inner);
    bool user = config->username != 0;
    bool token = config->token != 0;
    if ((user || config->password != 0) && token)
        value_complain(r, e,
                       SAY("Cannot have a user/pass and token", "one of user, token and users"));
    else if (config->users_count > 0 && user)
        value_complain(r, e,
                       SAY("Can not have a single user/pass and a users array",
                           "one of user, token and users"));
    else if (config->users_count > 0 && token)
        value_complain(
            r, e, SAY("Can not have a token and a users array", "one of user, token and users"));
    else
        check_names(r, e);
    for (uint32_t i = 0; i < config->users_count; i++) {
        if (config->users[i].permissions == 0)
            config->users[i].permissions = config->default_permissions;
    }
}

// What is wrong with a user that was read, or NULL. One that has an NKey is called by it.
static const char *wrong_with(const struct midge_config *config, struct midge_user *u) {
#if MIDGE_NKEYS
    uint8_t key[NKEY_BYTES];
    struct word nkey = word(midge_config_text(config, u->nkey));
    if (u->nkey != 0) {
        if (!nkey_read(NKEY_USER, (const uint8_t *)nkey.text, nkey.bytes, key))
            return SAY("Not a valid public nkey for a user", "a user's public nkey");
        if (u->name != 0 || u->password != 0)
            return SAY("Nkey users do not take usernames or passwords", "no name beside an nkey");
        u->name = u->nkey;
    }
#else
    (void)config;
#endif
    return u->name == 0 ? SAY("User entry requires a user", "a user's name") : NULL;
}

#if MIDGE_NKEYS

// ---- Kinds of connections -----------------------------------------------------------------------

// A bit for each kind in a list of names, which `|` separates, in the order of MIDGE_BY_...; 0 for
// none.
static uint8_t kind_of(struct word name) {
    static const char *const names[] = {"standard", "websocket", "leafnode",  "leafnode_ws",
                                        "mqtt",     "mqtt_ws",   "in_process"};
    for (uint32_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (word_is(name, names[i], true))
            return (uint8_t)(1u << i);
    }
    return 0;
}

#define UNKNOWN_KINDS "invalid connection types ["

// Adds a kind to those read, or an unknown name to the complaint about all that are.
static void read_kind(struct reader *r, const struct entry *e, uint8_t *kinds,
                      struct format *unknown) {
    char upper[64];
    struct word name = value_text(r, e);
    uint8_t kind = kind_of(name);
    *kinds |= kind;
    if (kind != 0)
        return;
    if (name.bytes > sizeof upper)
        name.bytes = sizeof upper;
    for (uint32_t i = 0; i < name.bytes; i++)
        upper[i] = (char)(name.text[i] - (name.text[i] >= 'a' && name.text[i] <= 'z' ? 0x20 : 0));
    format_text(unknown, unknown->n > sizeof UNKNOWN_KINDS - 1 ? " " : "");
    format_quoted(unknown, upper, name.bytes);
}

uint8_t kinds_read(struct reader *r, const struct entry *e) {
    char text[256];
    uint8_t kinds = 0;
    struct format unknown = FORMAT(text);
    struct entry kind;
    format_text(&unknown, UNKNOWN_KINDS);
    if (e->value.kind == ITEM_TEXT) {
        read_kind(r, e, &kinds, &unknown);
    } else if (e->value.kind == ITEM_ARRAY) {
        while (reader_next(r, &kind)) {
            if (kind.value.kind == ITEM_TEXT)
                read_kind(r, &kind, &kinds, &unknown);
            else
                value_refuse(r, &kind,
                             SAY("error parsing allowed connection types: unsupported type in "
                                 "array %s",
                                 "a kind of connection"));
        }
    } else {
        value_refuse(r, e,
                     SAY("error parsing allowed connection types: unsupported type %s",
                         "a kind of connection"));
    }
    format_char(&unknown, ']');
    if (unknown.n > sizeof UNKNOWN_KINDS)
        reader_complain(r, &e->at, SAY("%s", "a kind of connection"),
                        WORDS((struct word){text, unknown.n}));
    return kinds;
}

#endif

void users_read(struct reader *r) {
    struct midge_config *config = r->config;
    struct entry user;
    config->users_count = 0;
    while (reader_next(r, &user)) {
        if (!value_expect(r, &user, ITEM_MAP,
                          SAY("Expected user entry to be a map/struct, got %s", NULL)))
            continue;
        if (config->users_count == MIDGE_USERS_MAX) {
            reader_full(r, &user, MIDGE_USERS_MAX, "users");
            reader_skip(r, &user);
            continue;
        }
        struct midge_user *u = &config->users[config->users_count];
        uint32_t errors = r->errors;
        *u = (struct midge_user){0};
        options_read(r, PLACE_USER, u, &user);
        const char *wrong = r->errors == errors ? wrong_with(config, u) : NULL;
        if (wrong != NULL)
            value_complain(r, &user, wrong);
        config->users_count++;
    }
}

// ---- Permissions --------------------------------------------------------------------------------

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

// Splits a text where there are blanks. Answers how many parts there are, 3 if that or more.
static uint32_t split(struct word text, struct word parts[3]) {
    const char *at = text.text;
    const char *end = at + text.bytes;
    for (uint32_t n = 0; n < 3; n++) {
        while (at < end && is_blank(*at))
            at++;
        if (at == end)
            return n;
        const char *begin = at;
        while (at < end && !is_blank(*at))
            at++;
        parts[n] = (struct word){begin, (uint32_t)(at - begin)};
    }
    return 3;
}

static const char bad_subject[] = SAY("subject %q is not a valid subject", "a subject");

static bool is_subject(struct word w) {
    return subject_valid((const uint8_t *)w.text, w.bytes);
}

// Whether a permission may name this subject; for subscriptions, a queue may follow it. Complains
// about `list` if not.
static bool check_subject(struct reader *r, const struct entry *list, struct word text,
                          bool queues) {
    struct word parts[3];
    uint32_t n = split(text, parts);
    bool pair = n == 2 && queues;
    bool one_or_two = pair || (n == 1 && parts[0].bytes == text.bytes);
    bool named = one_or_two && is_subject(parts[0]);
    if (named && (!pair || is_subject(parts[1])))
        return true;
    reader_complain(r, &list->at,
                    named ? SAY("queue %q is not a valid queue", bad_subject) : bad_subject,
                    named        ? &parts[1]
                    : one_or_two ? &parts[0]
                                 : &text);
    return false;
}

// Adds one subject to the list that is being read; false, with a complaint, where it cannot.
static bool read_subject(struct reader *r, const struct entry *list, const struct entry *e,
                         bool queues) {
    struct midge_config *config = r->config;
    if (e->value.kind != ITEM_TEXT) {
        value_refuse(r, e,
                     SAY("Subject in permissions array cannot be cast to string", bad_subject));
        return false;
    }
    struct word text = value_text(r, e);
    if (!check_subject(r, list, text, queues))
        return false;
    if (config->subjects_count == MIDGE_PERMISSION_SUBJECTS_MAX) {
        reader_full(r, list, MIDGE_PERMISSION_SUBJECTS_MAX, "subjects in permissions");
        return false;
    }
    config->subjects[config->subjects_count++] = value_keep(r, e, text);
    return true;
}

struct midge_list subjects_read(struct reader *r, const struct entry *e, bool queues) {
    struct midge_list list = {(uint16_t)r->config->subjects_count, 0};
    struct entry subject;
    if (e->value.kind == ITEM_ARRAY) {
        bool good = true;
        while (reader_next(r, &subject)) {
            if (good)
                good = read_subject(r, e, &subject, queues);
            else
                reader_skip(r, &subject);
        }
    } else if (e->value.kind == ITEM_TEXT) {
        read_subject(r, e, e, queues);
    } else {
        value_refuse(
            r, e,
            SAY("Expected subject permissions to be a subject, or array of subjects, got %s",
                bad_subject));
    }
    list.count = (uint16_t)(r->config->subjects_count - list.first);
    return list;
}

void rule_read(struct reader *r, struct rule *rule, const struct entry *e, bool queues) {
    struct entry part;
    *rule = (struct rule){{0, 0}, {0, 0}};
    if (e->value.kind == ITEM_MAP)
        options_read(r, queues ? PLACE_SUBSCRIBE : PLACE_PUBLISH, rule, &part);
    else
        rule->allow = subjects_read(r, e, queues);
}

#if MIDGE_RESPONSES_MAX > 0

// As nats-server has it: a reply within two minutes.
#define RESPONSES 1
#define RESPONSE_MS (2u * 60 * 1000)

void responses_read(struct reader *r, struct midge_permissions *set, const struct entry *e) {
    struct entry part;
    if (e->value.kind == ITEM_BOOL && !value_true(e))
        return;
    if (e->value.kind != ITEM_BOOL && e->value.kind != ITEM_MAP) {
        reader_complain(r, &e->at,
                        SAY("error parsing response permissions, expected a boolean or a map",
                            "true, or a map"),
                        NULL);
        reader_skip(r, e);
        return;
    }
    set->responses = RESPONSES;
    set->response_ms = RESPONSE_MS;
    if (e->value.kind == ITEM_MAP)
        options_read(r, PLACE_RESPONSES, set, &part);
}

#endif

static bool same_set(const struct midge_config *config, const struct midge_permissions *a,
                     const struct midge_permissions *b) {
    const struct midge_list *x = (const struct midge_list *)a;
    const struct midge_list *y = (const struct midge_list *)b;
#if MIDGE_RESPONSES_MAX > 0
    if (a->responses != b->responses || a->response_ms != b->response_ms)
        return false;
#endif
    for (uint32_t list = 0; list < 4; list++, x++, y++) {
        if (x->count != y->count)
            return false;
        for (uint32_t i = 0; i < x->count; i++) {
            if (!chars_same(midge_config_text(config, config->subjects[x->first + i]),
                            midge_config_text(config, config->subjects[y->first + i])))
                return false;
        }
    }
    return true;
}

uint32_t permissions_read(struct reader *r, const struct entry *e) {
    struct midge_config *config = r->config;
    struct midge_permissions set = {0};
    uint32_t subjects_before = config->subjects_count;
    uint32_t text_before = config->text_bytes;
    struct entry rule;
    options_read(r, PLACE_PERMISSIONS, &set, &rule);
    for (uint32_t i = 0; i < config->permissions_count; i++) {
        if (same_set(config, &config->permissions[i], &set)) {
            config->subjects_count = subjects_before;
            config->text_bytes = text_before;
            return i + 1;
        }
    }
    if (config->permissions_count == MIDGE_PERMISSIONS_MAX) {
        reader_full(r, e, MIDGE_PERMISSIONS_MAX, "sets of permissions");
        return 0;
    }
    config->permissions[config->permissions_count++] = set;
    return config->permissions_count;
}
