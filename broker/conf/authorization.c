#include "broker/conf/authorization.h"

#include "broker/conf/option.h"
#include "broker/conf/value.h"
#include "broker/core/subject.h"

static void complain(struct reader *r, const struct entry *e, const char *sentence) {
    reader_complain(r, e, MIDGE_ERROR, sentence, &e->key);
}

// ---- The block ----------------------------------------------------------------------------------

static void check_names(struct reader *r, const struct midge_config *config,
                        const struct entry *e) {
    for (uint32_t i = 1; i < config->users_count; i++) {
        const char *name = midge_config_text(config, config->users[i].name);
        for (uint32_t j = 0; j < i; j++) {
            if (strcmp(name, midge_config_text(config, config->users[j].name)) == 0) {
                reader_complain(r, e, MIDGE_ERROR, "Duplicate user %q detected", WORDS(word(name)));
                return;
            }
        }
    }
}

void authorization_read(struct reader *r, struct midge_config *config, const struct entry *e) {
    if (!value_expect(r, e, ITEM_MAP))
        return;
    config->username = config->password = config->token = 0;
    config->default_permissions = 0;
    config->users_count = config->permissions_count = config->subjects_count = 0;
    struct entry last;
    options_read(r, config, PLACE_AUTHORIZATION, config, &last);
    bool user = config->username != 0;
    bool token = config->token != 0;
    if ((user || config->password != 0) && token)
        complain(r, e, "Cannot have a user/pass and token");
    else if (config->users_count > 0 && user)
        complain(r, e, "Can not have a single user/pass and a users array");
    else if (config->users_count > 0 && token)
        complain(r, e, "Can not have a token and a users array");
    else
        check_names(r, config, e);
    for (uint32_t i = 0; i < config->users_count; i++) {
        if (config->users[i].permissions == 0)
            config->users[i].permissions = config->default_permissions;
    }
}

void users_read(struct reader *r, struct midge_config *config, const struct entry *e) {
    char digits[DIGITS_MAX];
    if (e->value.kind != ITEM_ARRAY) {
        reader_complain(r, e, MIDGE_ERROR, "Expected users field to be an array, got %s",
                        WORDS(value_word(e, digits)));
        reader_skip(r, e);
        return;
    }
    struct entry user;
    config->users_count = 0;
    while (reader_next(r, &user)) {
        if (user.value.kind != ITEM_MAP) {
            reader_complain(r, &user, MIDGE_ERROR, "Expected user entry to be a map/struct, got %s",
                            WORDS(value_word(&user, digits)));
            reader_skip(r, &user);
        } else if (config->users_count == MIDGE_USERS_MAX) {
            reader_full(r, &user, "more than %s users", MIDGE_USERS_MAX);
            reader_skip(r, &user);
        } else {
            struct midge_user *u = &config->users[config->users_count];
            struct entry last = user;
            uint32_t errors = r->errors;
            *u = (struct midge_user){0};
            options_read(r, config, PLACE_USER, u, &last);
            if (u->name == 0 && r->errors == errors)
                complain(r, &last, "User entry requires a user");
            config->users_count++;
        }
    }
}

// ---- Permissions --------------------------------------------------------------------------------

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

// Takes the next word of a text that blanks separate.
static struct word next_field(struct word *text) {
    const char *at = text->text;
    const char *end = at + text->bytes;
    while (at < end && is_blank(*at))
        at++;
    struct word field = {at, 0};
    while (at < end && !is_blank(*at))
        at++;
    field.bytes = (uint32_t)(at - field.text);
    *text = (struct word){at, (uint32_t)(end - at)};
    return field;
}

static bool is_subject(struct word w) {
    return subject_valid((const uint8_t *)w.text, w.bytes);
}

// Whether a permission may name this subject; for subscriptions, a queue may follow it. Complains
// about `list` if not.
static bool check_subject(struct reader *r, const struct entry *list, struct word text,
                          bool queues) {
    struct word left = text;
    struct word subject = next_field(&left);
    struct word queue = next_field(&left);
    bool alone = subject.bytes == text.bytes;
    const char *sentence = NULL;
    struct word wrong = text;
    if (alone && !is_subject(text)) {
        sentence = "subject %q is not a valid subject";
    } else if (!alone && (!queues || queue.bytes == 0 || next_field(&left).bytes > 0)) {
        sentence = "subject %q is not a valid subject";
    } else if (!alone && !is_subject(subject)) {
        sentence = "subject %q is not a valid subject";
        wrong = subject;
    } else if (!alone && !is_subject(queue)) {
        sentence = "queue %q is not a valid queue";
        wrong = queue;
    }
    if (sentence != NULL)
        reader_complain(r, list, MIDGE_ERROR, sentence, &wrong);
    return sentence == NULL;
}

// Adds one subject to the list that is being read; false, with a complaint, where it cannot.
static bool read_subject(struct reader *r, struct midge_config *config, const struct entry *list,
                         const struct entry *e, bool queues) {
    if (e->value.kind != ITEM_TEXT) {
        complain(r, e, "Subject in permissions array cannot be cast to string");
        reader_skip(r, e);
        return false;
    }
    struct word text = value_text(r, config, e);
    if (!check_subject(r, list, text, queues))
        return false;
    if (config->subjects_count == MIDGE_PERMISSION_SUBJECTS_MAX) {
        reader_full(r, list, "more than %s subjects in permissions", MIDGE_PERMISSION_SUBJECTS_MAX);
        return false;
    }
    config->subjects[config->subjects_count++] = value_keep(r, config, e, text);
    return true;
}

// Reads a subject or an array of them, of which the first bad one is complained about.
static struct midge_list read_subjects(struct reader *r, struct midge_config *config,
                                       const struct entry *e, bool queues) {
    struct midge_list list = {(uint16_t)config->subjects_count, 0};
    struct entry subject;
    if (e->value.kind == ITEM_ARRAY) {
        bool good = true;
        while (reader_next(r, &subject)) {
            if (good)
                good = read_subject(r, config, e, &subject, queues);
            else
                reader_skip(r, &subject);
        }
    } else if (e->value.kind == ITEM_TEXT) {
        read_subject(r, config, e, e, queues);
    } else {
        reader_complain(
            r, e, MIDGE_ERROR,
            "Expected subject permissions to be a subject, or array of subjects, got %s",
            WORDS(value_go_type(e)));
        reader_skip(r, e);
    }
    list.count = (uint16_t)(config->subjects_count - list.first);
    return list;
}

// Reads what may be published or subscribed to: a map of `allow` and `deny`, or what is allowed.
static void read_rule(struct reader *r, struct midge_config *config, const struct entry *e,
                      bool queues, struct midge_list *allow, struct midge_list *deny) {
    struct entry part;
    *allow = (struct midge_list){0, 0};
    *deny = (struct midge_list){0, 0};
    if (e->value.kind != ITEM_MAP) {
        *allow = read_subjects(r, config, e, queues);
        return;
    }
    while (reader_next(r, &part)) {
        if (word_is(part.key, "allow", true)) {
            *allow = read_subjects(r, config, &part, queues);
        } else if (word_is(part.key, "deny", true)) {
            *deny = read_subjects(r, config, &part, queues);
        } else {
            reader_unknown(r, &part,
                           "Unknown field name %q parsing subject permissions, only 'allow' "
                           "or 'deny' are permitted");
            reader_skip(r, &part);
        }
    }
}

static bool same_list(const struct midge_config *config, struct midge_list a, struct midge_list b) {
    if (a.count != b.count)
        return false;
    for (uint32_t i = 0; i < a.count; i++) {
        if (strcmp(midge_config_text(config, config->subjects[a.first + i]),
                   midge_config_text(config, config->subjects[b.first + i])) != 0)
            return false;
    }
    return true;
}

static bool same_set(const struct midge_config *config, const struct midge_permissions *a,
                     const struct midge_permissions *b) {
    return same_list(config, a->publish_allow, b->publish_allow) &&
           same_list(config, a->publish_deny, b->publish_deny) &&
           same_list(config, a->subscribe_allow, b->subscribe_allow) &&
           same_list(config, a->subscribe_deny, b->subscribe_deny);
}

uint32_t permissions_read(struct reader *r, struct midge_config *config, const struct entry *e) {
    char digits[DIGITS_MAX];
    if (e->value.kind != ITEM_MAP) {
        reader_complain(r, e, MIDGE_ERROR, "Expected permissions to be a map/struct, got %s",
                        WORDS(value_word(e, digits)));
        reader_skip(r, e);
        return 0;
    }
    struct midge_permissions set = {0};
    uint32_t subjects_before = config->subjects_count;
    uint32_t text_before = config->text_bytes;
    struct entry rule;
    while (reader_next(r, &rule)) {
        if (word_is(rule.key, "publish|pub|import", true)) {
            read_rule(r, config, &rule, false, &set.publish_allow, &set.publish_deny);
        } else if (word_is(rule.key, "subscribe|sub|export", true)) {
            read_rule(r, config, &rule, true, &set.subscribe_allow, &set.subscribe_deny);
        } else if (word_is(rule.key, "allow_responses|publish_allow_responses", true)) {
            if (rule.value.kind != ITEM_BOOL || value_true(&rule))
                complain(r, &rule, "%q is not built into this midge yet");
            reader_skip(r, &rule);
        } else {
            reader_unknown(r, &rule, "Unknown field %q parsing permissions");
            reader_skip(r, &rule);
        }
    }
    for (uint32_t i = 0; i < config->permissions_count; i++) {
        if (same_set(config, &config->permissions[i], &set)) {
            config->subjects_count = subjects_before;
            config->text_bytes = text_before;
            return i + 1;
        }
    }
    if (config->permissions_count == MIDGE_PERMISSIONS_MAX) {
        reader_full(r, e, "more than %s sets of permissions", MIDGE_PERMISSIONS_MAX);
        return 0;
    }
    config->permissions[config->permissions_count++] = set;
    return config->permissions_count;
}
