// Sets options: from the pairs of a text, and from the words of a command line.

#include "broker/conf/authorization.h"
#include "broker/conf/number.h"
#include "broker/conf/option.h"
#include "broker/conf/value.h"

static void complain(struct reader *r, const struct entry *e, const char *sentence) {
    reader_complain(r, e, MIDGE_ERROR, sentence, &e->key);
}

// The member of `into` that an option fills.
static void *member(const struct option *o, void *into) {
    return (char *)into + o->at;
}

// ---- Switches and texts -------------------------------------------------------------------------

// The finer kinds of tracing switch tracing itself too.
static void set_switch(const struct option *o, void *into, bool value) {
    *(bool *)member(o, into) = value;
    if (o->at == offsetof(struct midge_config, trace_verbose) ||
        o->at == offsetof(struct midge_config, trace_headers))
        ((struct midge_config *)into)->trace = value;
}

static void read_switch(struct reader *r, const struct option *o, void *into,
                        const struct entry *e) {
    if (value_expect(r, e, ITEM_BOOL))
        set_switch(o, into, value_true(e));
}

static void read_text(struct reader *r, struct midge_config *config, const struct option *o,
                      void *into, const struct entry *e) {
    if (!value_expect(r, e, ITEM_TEXT))
        return;
    midge_text t = value_keep(r, config, e, value_text(r, config, e));
    const char *text = midge_config_text(config, t);
    if (o->kind == OPTION_NAME && strchr(text, ' ') != NULL)
        complain(r, e, "server name cannot contain spaces");
    else if (o->kind == OPTION_PASSWORD && value_bcrypt(text))
        complain(r, e, "bcrypt, as in %q, is not built into this midge yet");
    else
        *(midge_text *)member(o, into) = t;
}

static void add_tag(struct reader *r, struct midge_config *config, const struct entry *e,
                    const struct entry *tag) {
    if (tag->value.kind != ITEM_TEXT) {
        reader_complain(r, e, MIDGE_ERROR, "error parsing tags: unsupported type %s",
                        WORDS(value_go_type(tag)));
        reader_skip(r, tag);
    } else if (config->tags_count == sizeof config->tags / sizeof config->tags[0]) {
        reader_full(r, e, "more than %s tags", config->tags_count);
    } else {
        midge_text t = value_keep(r, config, tag, value_text(r, config, tag));
        for (char *c = config->text + t; *c != '\0'; c++)
            *c = (char)(*c >= 'A' && *c <= 'Z' ? *c | 0x20 : *c);
        config->tags[config->tags_count++] = t;
    }
}

static void read_tags(struct reader *r, struct midge_config *config, const struct entry *e) {
    struct entry tag;
    config->tags_count = 0;
    if (e->value.kind != ITEM_ARRAY) {
        add_tag(r, config, e, e);
        return;
    }
    while (reader_next(r, &tag))
        add_tag(r, config, e, &tag);
}

// What to do when a write times out. A client is closed, by default too.
static void read_write_timeout(struct reader *r, struct midge_config *config,
                               const struct entry *e) {
    if (!value_expect(r, e, ITEM_TEXT))
        return;
    struct word policy = value_text(r, config, e);
    if (word_same(policy, word("retry")))
        reader_complain(r, e, MIDGE_ERROR, "write_timeout %q is not built into this midge yet",
                        &policy);
    else if (!word_same(policy, word("default")) && !word_same(policy, word("close")))
        complain(r, e, "write_timeout must be 'default', 'close' or 'retry'");
}

// ---- Numbers ------------------------------------------------------------------------------------

// Sets a number, brought within the option's bounds. Answers whether it was above the most.
static bool set_number(const struct option *o, void *into, int64_t value) {
    if (value == 0 && o->kind != OPTION_LIMIT)
        value = o->standard;
    *(uint32_t *)member(o, into) = value < o->least  ? o->least
                                   : value > o->most ? o->most
                                                     : (uint32_t)value;
    return value > o->most;
}

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
    if (set_number(o, into, value))
        reader_complain(r, e, MIDGE_REMARK,
                        "%s of %s is above the maximum of this build, %s, which is used instead",
                        WORDS(e->key, number_word(o, value, a), number_word(o, o->most, b)));
}

// No limit: as much as there can be, with a remark.
static void lift_limit(struct reader *r, const struct option *o, void *into,
                       const struct entry *e) {
    char a[DIGITS_MAX], b[DIGITS_MAX];
    set_number(o, into, o->most);
    reader_complain(r, e, MIDGE_REMARK,
                    "%s of %s, no limit, is above the maximum of this build, %s, which is used "
                    "instead",
                    WORDS(e->key, word_of(e->integer, a), word_of(o->most, b)));
}

static void read_count(struct reader *r, const struct option *o, void *into,
                       const struct entry *e) {
    if (!value_expect(r, e, ITEM_INTEGER))
        return;
    bool bytes = o->kind == OPTION_BYTES || o->kind == OPTION_PAYLOAD;
    if ((bytes && e->integer > INT32_MAX) || (o->kind == OPTION_TOKENS && e->integer > UINT8_MAX))
        complain(r, e, "%s value is too big");
    else if (o->kind == OPTION_TOKENS && e->integer <= 0)
        complain(r, e, "%s value can not be negative");
    else if (o->kind == OPTION_PAYLOAD && e->integer < 0)
        lift_limit(r, o, into, e);
    else
        read_number(r, o, into, e, e->integer);
}

static void set_size(const struct option *o, void *into, int64_t value) {
    *(uint64_t *)member(o, into) = value > 0 ? (uint64_t)value : 0;
}

// A port as it was written. Whether it is one is checked at the end.
static int32_t port_of(int64_t value) {
    return value < INT32_MIN ? INT32_MIN : value > INT32_MAX ? INT32_MAX : (int32_t)value;
}

static void read_port(struct reader *r, const struct option *o, void *into, const struct entry *e) {
    if (value_expect(r, e, ITEM_INTEGER))
        *(int32_t *)member(o, into) = port_of(e->integer);
}

static void read_listen(struct reader *r, struct midge_config *config, const struct option *o,
                        const struct entry *e) {
    struct word host = word("");
    struct word digits;
    int64_t port = e->integer;
    if (e->value.kind == ITEM_TEXT) {
        struct word text = value_text(r, config, e);
        if (value_address(text, &host, &digits) != NULL) {
            reader_complain(r, e, MIDGE_ERROR, "could not parse address string %q", &text);
            return;
        }
        if (!decimal_read(digits, &port)) {
            reader_complain(r, e, MIDGE_ERROR, "could not parse port %q", &digits);
            return;
        }
    } else if (e->value.kind != ITEM_INTEGER) {
        reader_complain(r, e, MIDGE_ERROR, "expected port or host:port, got %s",
                        WORDS(value_go_type(e)));
        reader_skip(r, e);
        return;
    }
    midge_text *to = member(o, config);
    to[0] = value_keep(r, config, e, host);
    *(int32_t *)(to + 1) = port_of(port);
}

// ---- Durations ----------------------------------------------------------------------------------

// Reads a duration in milliseconds, rounded up. False, with a complaint, where it is none:
// `failure` takes the key or nothing, and the reason goes behind it.
static bool read_ms(struct reader *r, struct midge_config *config, const struct entry *e,
                    const char *failure, int64_t *ms) {
    char text[256];
    struct format reason = FORMAT(text);
    struct word words[2];
    int64_t ns;
    const char *sentence = duration_read(value_text(r, config, e), &ns, words);
    if (sentence == NULL) {
        *ms = ns > 0 ? (ns - 1) / 1000000 + 1 : ns / 1000000;
        return true;
    }
    format_words(&reason, failure, &e->key);
    format_words(&reason, sentence, words);
    reader_complain(r, e, MIDGE_ERROR, "%s", WORDS((struct word){text, reason.n}));
    return false;
}

static void read_duration(struct reader *r, struct midge_config *config, const struct option *o,
                          void *into, const struct entry *e) {
    char text[32];
    struct format least = FORMAT(text);
    int64_t ms;
    if (!value_expect(r, e, ITEM_TEXT) || !read_ms(r, config, e, "error parsing %s: ", &ms))
        return;
    if (ms >= o->least) {
        read_number(r, o, into, e, ms);
    } else if (o->least == 0) {
        complain(r, e, "invalid %s, needs to be positive");
    } else {
        format_duration(&least, (uint64_t)(ms > 0 ? ms : 0) * 1000);
        reader_complain(r, e, MIDGE_ERROR, "invalid %s of %s, minimum is 30 seconds",
                        WORDS(e->key, (struct word){text, least.n}));
    }
}

// A duration, or in nats-server's older form a number of seconds.
static void read_seconds(struct reader *r, struct midge_config *config, const struct option *o,
                         void *into, const struct entry *e) {
    int64_t ms;
    if (e->value.kind == ITEM_INTEGER) {
        reader_complain(r, e, MIDGE_WARNING,
                        "invalid use of field %q: %s should be converted to a duration",
                        WORDS(word(o->names), word(o->names)));
        read_number(r, o, into, e, seconds_ms(e->integer));
    } else if (value_expect(r, e, ITEM_TEXT) && read_ms(r, config, e, "error parsing %s: ", &ms)) {
        read_number(r, o, into, e, ms);
    }
}

// A number of seconds, or a duration.
static void read_timeout(struct reader *r, struct midge_config *config, const struct option *o,
                         void *into, const struct entry *e) {
    int64_t ms = 0;
    if (e->value.kind == ITEM_TEXT) {
        if (!read_ms(r, config, e, "error parsing authorization config, 'timeout' ", &ms))
            return;
    } else if (e->value.kind == ITEM_INTEGER) {
        ms = seconds_ms(e->integer);
    } else if (e->value.kind != ITEM_FLOAT || !float_ms(e->value.text, &ms)) {
        complain(r, e, "error parsing authorization config, 'timeout' wrong type");
        reader_skip(r, e);
        return;
    }
    if (ms > 60 * 1000) {
        char text[32], digits[DIGITS_MAX];
        struct format seconds = FORMAT(text);
        format_u64(&seconds, (uint64_t)ms / 1000);
        format_char(&seconds, '.');
        format_digits(&seconds, (uint32_t)(ms % 1000) * 1000, 6);
        reader_complain(
            r, e, MIDGE_WARNING,
            "invalid use of field %q: timeout of %s (%s seconds) is high, consider keeping "
            "it under 60 seconds. possibly caused by unquoted duration; use '1m' instead "
            "of 1m, for example",
            WORDS(e->key, value_word(e, digits), (struct word){text, seconds.n}));
    }
    read_number(r, o, into, e, ms);
}

// ---- Options ------------------------------------------------------------------------------------

// Whether the value of an unbuilt feature leaves it unused, and may therefore pass. Reads it to its
// end.
static bool asks_for_nothing(struct reader *r, const struct option *o, const struct entry *e) {
    const char *nothing = o->nothing != NULL ? o->nothing : "";
    if (e->value.kind == ITEM_MAP) {
        bool empty = true;
        bool off = false;
        struct entry inner;
        while (reader_next(r, &inner)) {
            empty = false;
            if (word_is(inner.key, "enabled|enable", true))  // the last one counts
                off = inner.value.kind == ITEM_BOOL && !value_true(&inner);
            reader_skip(r, &inner);
        }
        return (empty && word_is(word("{}"), nothing, false)) ||
               (off && word_is(word("{off}"), nothing, false));
    }
    reader_skip(r, e);
    if (e->value.kind == ITEM_BOOL)
        return !value_true(e) || word_is(e->value.text, nothing, true);
    return e->value.kind == ITEM_TEXT &&
           (nothing[0] == '*' || word_is(e->value.text, nothing, true));
}

static void read_option(struct reader *r, struct midge_config *config, const struct option *o,
                        void *into, const struct entry *e) {
    switch ((enum option_kind)o->kind) {
    case OPTION_SWITCH:
        read_switch(r, o, into, e);
        break;
    case OPTION_COUNT:
    case OPTION_BYTES:
    case OPTION_PAYLOAD:
    case OPTION_LIMIT:
    case OPTION_TOKENS:
        read_count(r, o, into, e);
        break;
    case OPTION_SIZE:
        if (value_expect(r, e, ITEM_INTEGER))
            set_size(o, into, e->integer);
        break;
    case OPTION_PORT:
        read_port(r, o, into, e);
        break;
    case OPTION_TEXT:
    case OPTION_NAME:
    case OPTION_PASSWORD:
        read_text(r, config, o, into, e);
        break;
    case OPTION_DURATION:
        read_duration(r, config, o, into, e);
        break;
    case OPTION_SECONDS:
        read_seconds(r, config, o, into, e);
        break;
    case OPTION_TIMEOUT:
        read_timeout(r, config, o, into, e);
        break;
    case OPTION_LISTEN:
        read_listen(r, config, o, e);
        break;
    case OPTION_TAGS:
        read_tags(r, config, e);
        break;
    case OPTION_WRITE_TIMEOUT:
        read_write_timeout(r, config, e);
        break;
    case OPTION_AUTHORIZATION:
        authorization_read(r, config, e);
        break;
    case OPTION_USERS:
        users_read(r, config, e);
        break;
    case OPTION_PERMISSIONS:
        *(uint32_t *)member(o, into) = permissions_read(r, config, e);
        break;
    case OPTION_UNBUILT:
        if (!asks_for_nothing(r, o, e))
            complain(r, e, "%q is not built into this midge yet");
        break;
    case OPTION_IGNORED:
        reader_complain(r, e, MIDGE_REMARK, "%q has no effect here", &e->key);
        reader_skip(r, e);
        break;
    }
}

// A block and the users in it are read by this again: three levels, no more.
void options_read(struct reader *r, struct midge_config *config, enum option_place place,
                  void *into, struct entry *last) {
    struct entry e;
    while (reader_next(r, &e)) {
        const struct option *o = options;
        const struct option *end = options + options_count;
        while (o < end && (o->place != place || !word_is(e.key, o->names, true)))
            o++;
        *last = e;
        if (o < end) {
            read_option(r, config, o, into, &e);
        } else {
            reader_unknown(r, &e, "unknown field %q");
            reader_skip(r, &e);
        }
    }
}

void options_reset(struct midge_config *config) {
    for (const struct option *o = options; o < options + options_count; o++) {
        void *to = member(o, config);
        if (o->place == PLACE_USER)
            continue;
        if (option_bytes(o) == sizeof(bool))
            *(bool *)to = o->standard;
        else if (option_bytes(o) == sizeof(uint32_t))
            *(uint32_t *)to = o->standard;
        else if (option_bytes(o) == sizeof(uint64_t))
            *(uint64_t *)to = o->standard;
    }
}

// ---- The command line ---------------------------------------------------------------------------

int32_t midge_option_flag(const char *flag, uint32_t flag_bytes) {
    for (uint32_t i = 0; i < options_count; i++) {
        if (options[i].flags != NULL &&
            word_is((struct word){flag, flag_bytes}, options[i].flags, false))
            return (int32_t)i;
    }
    return MIDGE_ERR_INVALID;
}

bool midge_option_switch(int32_t option) {
    return options[option].kind == OPTION_SWITCH || options[option].kind == OPTION_UNBUILT;
}

int32_t midge_option_set(struct midge_config *config, int32_t option, const char *text) {
    const struct option *o = &options[option];
    struct word w = word(text);
    int64_t number = 0;
    bool yes = word_is(w, "1|t|T|true|TRUE|True", false);
    bool number_wanted =
        o->kind == OPTION_PORT || o->kind == OPTION_SIZE || o->kind == OPTION_COUNT;
    if (midge_option_switch(option) && !yes && !word_is(w, "0|f|F|false|FALSE|False", false))
        return MIDGE_ERR_INVALID;
    if (number_wanted && !decimal_read(w, &number))
        return MIDGE_ERR_INVALID;
    switch ((enum option_kind)o->kind) {
    case OPTION_SWITCH:
        set_switch(o, config, yes);
        return 0;
    case OPTION_UNBUILT:
        return yes ? MIDGE_ERR_UNBUILT : 0;
    case OPTION_PORT:
        *(int32_t *)member(o, config) = port_of(number);
        return 0;
    case OPTION_SIZE:
        set_size(o, config, number);
        return 0;
    case OPTION_COUNT:
        set_number(o, config, number);
        return 0;
    case OPTION_TEXT:
    case OPTION_NAME:
    case OPTION_PASSWORD: {
        int32_t place = midge_config_add(config, w.text, w.bytes);
        if (place < 0)
            return place;
        *(midge_text *)member(o, config) = (midge_text)place;
        return o->kind == OPTION_PASSWORD && value_bcrypt(text) ? MIDGE_ERR_UNBUILT : 0;
    }
    default:
        return 0;  // ignored
    }
}
