// Reads options: the pairs of a text.

#include "broker/conf/authorization.h"
#include "broker/conf/hub.h"
#include "broker/conf/number.h"
#include "broker/conf/option.h"
#include "broker/conf/value.h"

static void complain(struct reader *r, const struct entry *e, const char *sentence) {
    reader_complain(r, &e->at, MIDGE_ERROR, sentence, &e->key);
}

static void read_text(struct reader *r, const struct option *o, midge_text *to,
                      const struct entry *e) {
    midge_text t = value_keep(r, e, value_text(r, e));
    const char *text = midge_config_text(r->config, t);
    if (o->kind == OPTION_NAME && strchr(text, ' ') != NULL)
        complain(r, e, SAY("server name cannot contain spaces", "a name without spaces"));
    else if (o->kind == OPTION_PASSWORD && value_bcrypt(text))
        complain(r, e,
                 SAY("bcrypt, as in %q, is not built into this midge yet",
                     "a password, not its bcrypt hash"));
    else
        *to = t;
}

static void add_tag(struct reader *r, const struct entry *e, const struct entry *tag) {
    struct midge_config *config = r->config;
    if (tag->value.kind != ITEM_TEXT) {
        value_refuse(r, tag, &e->at, SAY("error parsing tags: unsupported type %s", "a string"));
    } else if (config->tags_count == sizeof config->tags / sizeof config->tags[0]) {
        reader_full(r, e, SAY("more than %s tags", "at most %s tags"), config->tags_count);
    } else {
        midge_text t = value_keep(r, tag, value_text(r, tag));
        for (char *c = config->text + t; *c != '\0'; c++)
            *c = (char)(*c >= 'A' && *c <= 'Z' ? *c | 0x20 : *c);
        config->tags[config->tags_count++] = t;
    }
}

static void read_tags(struct reader *r, const struct entry *e) {
    struct entry tag;
    r->config->tags_count = 0;
    if (e->value.kind != ITEM_ARRAY) {
        add_tag(r, e, e);
        return;
    }
    while (reader_next(r, &tag))
        add_tag(r, e, &tag);
}

// ---- Numbers ------------------------------------------------------------------------------------

// A number as a remark shows it.
static struct word number_word(const struct option *o, int64_t value, char text[32]) {
    struct format f = {(uint8_t *)text, 0, 32};
    bool ms = o->kind == OPTION_DURATION || o->kind == OPTION_SECONDS || o->kind == OPTION_TIMEOUT;
    if (!ms || value > INT64_MAX / 1000)
        return word_of(value, text);
    format_duration(&f, (uint64_t)value * 1000);
    return (struct word){text, f.n};
}

// The same, with a remark.
static void read_number(struct reader *r, const struct option *o, void *into, const struct entry *e,
                        int64_t value) {
    char a[32], b[32];
    if (!option_set_number(o, into, value))
        return;
    if (!MIDGE_CONFIG_HUB)
        reader_complain(r, &e->at, MIDGE_REMARK, "%s lowered to %s",
                        WORDS(e->key, number_word(o, o->most, a)));
    else
        reader_complain(r, &e->at, MIDGE_REMARK,
                        "%s of %s is above the maximum of this build, %s, which is used instead",
                        WORDS(e->key, number_word(o, value, a), number_word(o, o->most, b)));
}

// No limit: as much as there can be, with a remark.
static void lift_limit(struct reader *r, const struct option *o, void *into,
                       const struct entry *e) {
    char a[DIGITS_MAX], b[DIGITS_MAX];
    if (!MIDGE_CONFIG_HUB) {
        read_number(r, o, into, e, INT64_MAX);
        return;
    }
    option_set_number(o, into, o->most);
    reader_complain(r, &e->at, MIDGE_REMARK,
                    "%s of %s, no limit, is above the maximum of this build, %s, which is used "
                    "instead",
                    WORDS(e->key, word_of(e->integer, a), word_of(o->most, b)));
}

static void read_count(struct reader *r, const struct option *o, void *into,
                       const struct entry *e) {
    bool bytes = o->kind == OPTION_BYTES || o->kind == OPTION_PAYLOAD;
    if ((bytes && e->integer > INT32_MAX) || (o->kind == OPTION_TOKENS && e->integer > UINT8_MAX))
        complain(r, e, SAY("%s value is too big", "a smaller number"));
    else if (o->kind == OPTION_TOKENS && e->integer <= 0)
        complain(r, e, SAY("%s value can not be negative", "a positive number"));
    else if (o->kind == OPTION_PAYLOAD && e->integer < 0)
        lift_limit(r, o, into, e);
    else
        read_number(r, o, into, e, e->integer);
}

static void read_listen(struct reader *r, midge_text *to, const struct entry *e) {
    struct word host = word("");
    struct word digits;
    int64_t port = e->integer;
    if (e->value.kind == ITEM_TEXT) {
        struct word text = value_text(r, e);
        bool address = value_address(text, &host, &digits) == NULL;
        if (!address || !decimal_read(digits, &port)) {
            reader_complain(r, &e->at, MIDGE_ERROR,
                            !address ? SAY("could not parse address string %q", "host:port")
                                     : SAY("could not parse port %q", "host:port"),
                            !address ? &text : &digits);
            return;
        }
    } else if (e->value.kind != ITEM_INTEGER) {
        value_refuse(r, e, &e->at, SAY("expected port or host:port, got %s", "host:port"));
        return;
    }
    to[0] = value_keep(r, e, host);
    option_set_port((int32_t *)(to + 1), port);
}

// ---- Durations ----------------------------------------------------------------------------------

// Reads a duration in milliseconds, rounded up. False, with a complaint, where it is none:
// `failure` takes the key or nothing, and the reason goes behind it.
static bool read_ms(struct reader *r, const struct entry *e, const char *failure, int64_t *ms) {
    int64_t ns;
    struct word words[2];
    const char *sentence = duration_read(value_text(r, e), &ns, words);
    if (sentence == NULL) {
        *ms = ns > 0 ? (ns - 1) / 1000000 + 1 : ns / 1000000;
        return true;
    }
    if (!MIDGE_CONFIG_HUB) {
        complain(r, e, sentence);
        return false;
    }
    char text[256];
    struct format reason = FORMAT(text);
    format_words(&reason, failure, &e->key);
    format_words(&reason, sentence, words);
    reader_complain(r, &e->at, MIDGE_ERROR, "%s", WORDS((struct word){text, reason.n}));
    return false;
}

static void read_duration(struct reader *r, const struct option *o, void *into,
                          const struct entry *e) {
    int64_t ms;
    if (!value_expect(r, e, ITEM_TEXT, NULL) || !read_ms(r, e, "error parsing %s: ", &ms))
        return;
    if (ms >= o->least) {
        read_number(r, o, into, e, ms);
    } else if (!MIDGE_CONFIG_HUB) {
        complain(r, e, "a longer duration");
    } else if (o->least == 0) {
        complain(r, e, "invalid %s, needs to be positive");
    } else {
        char text[32];
        reader_complain(r, &e->at, MIDGE_ERROR, "invalid %s of %s, minimum is 30 seconds",
                        WORDS(e->key, number_word(o, ms > 0 ? ms : 0, text)));
    }
}

// A duration, or in nats-server's older form a number of seconds.
static void read_seconds(struct reader *r, const struct option *o, void *into,
                         const struct entry *e) {
    int64_t ms;
    if (e->value.kind == ITEM_INTEGER) {
        if (MIDGE_CONFIG_HUB)
            reader_complain(r, &e->at, MIDGE_WARNING,
                            "invalid use of field %q: %s should be converted to a duration",
                            WORDS(word(o->names), word(o->names)));
        read_number(r, o, into, e, seconds_ms(e->integer));
    } else if (value_expect(r, e, ITEM_TEXT, NULL) && read_ms(r, e, "error parsing %s: ", &ms)) {
        read_number(r, o, into, e, ms);
    }
}

static void warn_of_high_timeout(struct reader *r, const struct entry *e, int64_t ms) {
    char text[32], digits[DIGITS_MAX];
    struct format seconds = FORMAT(text);
    format_u64(&seconds, (uint64_t)ms / 1000);
    format_char(&seconds, '.');
    format_digits(&seconds, (uint32_t)(ms % 1000) * 1000, 6);
    reader_complain(
        r, &e->at, MIDGE_WARNING,
        "invalid use of field %q: timeout of %s (%s seconds) is high, consider keeping it under 60 "
        "seconds. possibly caused by unquoted duration; use '1m' instead of 1m, for example",
        WORDS(e->key, value_word(e, digits), (struct word){text, seconds.n}));
}

// A number of seconds, or a duration.
static void read_timeout(struct reader *r, const struct option *o, void *into,
                         const struct entry *e) {
    int64_t ms = 0;
    if (e->value.kind == ITEM_TEXT) {
        if (!read_ms(r, e, "error parsing authorization config, 'timeout' ", &ms))
            return;
    } else if (e->value.kind == ITEM_INTEGER) {
        ms = seconds_ms(e->integer);
    } else if (e->value.kind != ITEM_FLOAT || !float_ms(e->value.text, &ms)) {
        value_refuse(r, e, &e->at,
                     SAY("error parsing authorization config, 'timeout' wrong type", "a duration"));
        return;
    }
    if (MIDGE_CONFIG_HUB && ms > 60 * 1000)
        warn_of_high_timeout(r, e, ms);
    read_number(r, o, into, e, ms);
}

// ---- Options ------------------------------------------------------------------------------------

static void read_option(struct reader *r, const struct option *o, void *into,
                        const struct entry *e) {
    void *to = option_member(o, into);
    switch ((enum option_kind)o->kind) {
    case OPTION_SWITCH:
        if (value_expect(r, e, ITEM_BOOL, NULL))
            option_set_switch(o, into, value_true(e));
        break;
    case OPTION_COUNT:
    case OPTION_BYTES:
    case OPTION_PAYLOAD:
    case OPTION_LIMIT:
    case OPTION_TOKENS:
        if (value_expect(r, e, ITEM_INTEGER, NULL))
            read_count(r, o, into, e);
        break;
    case OPTION_PORT:
        if (value_expect(r, e, ITEM_INTEGER, NULL))
            option_set_port(to, e->integer);
        break;
    case OPTION_TEXT:
    case OPTION_NAME:
    case OPTION_PASSWORD:
        if (value_expect(r, e, ITEM_TEXT, NULL))
            read_text(r, o, to, e);
        break;
    case OPTION_DURATION:
        read_duration(r, o, into, e);
        break;
    case OPTION_SECONDS:
        read_seconds(r, o, into, e);
        break;
    case OPTION_TIMEOUT:
        read_timeout(r, o, into, e);
        break;
    case OPTION_LISTEN:
        read_listen(r, to, e);
        break;
    case OPTION_TAGS:
        read_tags(r, e);
        break;
    case OPTION_AUTHORIZATION:
        authorization_read(r, e);
        break;
    case OPTION_USERS:
        users_read(r, e);
        break;
    case OPTION_PERMISSIONS:
        *(uint32_t *)to = permissions_read(r, e);
        break;
    case OPTION_PUBLISH:
    case OPTION_SUBSCRIBE:
        rule_read(r, to, e, o->kind == OPTION_SUBSCRIBE);
        break;
    case OPTION_SUBJECTS:
    case OPTION_QUEUES:
        *(struct midge_list *)to = subjects_read(r, e, o->kind == OPTION_QUEUES);
        break;
    case OPTION_SIZE:
    case OPTION_WRITE_TIMEOUT:
    case OPTION_UNBUILT:
    case OPTION_IGNORED:
        if (MIDGE_CONFIG_HUB)
            hub_read(r, o, to, e);
        break;
    }
}

// A block and the maps in it are read by this again: five levels, no more.
void options_read(struct reader *r, enum option_place place, void *into, struct entry *e) {
    const char *sentence =
        place == PLACE_PERMISSIONS
            ? SAY("Unknown field %q parsing permissions", "an option instead of %q")
        : place > PLACE_PERMISSIONS
            ? SAY("Unknown field name %q parsing subject permissions, only 'allow' or 'deny' are "
                  "permitted",
                  "an option instead of %q")
            : SAY("unknown field %q", "an option instead of %q");
    while (reader_next(r, e)) {
        const struct option *o = options;
        const struct option *end = options + options_count;
        while (o < end && (o->place != place || !word_is(e->key, o->names, true)))
            o++;
        if (o < end) {
            read_option(r, o, into, e);
        } else {
            reader_unknown(r, e, sentence);
            reader_skip(r, e);
        }
    }
}
