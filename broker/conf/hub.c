#include "broker/conf/hub.h"

#include "broker/auth/bcrypt.h"
#include "broker/conf/number.h"
#include "broker/conf/value.h"

#if MIDGE_CONFIG_HUB

static void add_tag(struct reader *r, const struct entry *e, const struct entry *tag) {
    struct midge_config *config = r->config;
    if (tag->value.kind != ITEM_TEXT) {
        reader_complain(r, &e->at, "error parsing tags: unsupported type %s",
                        WORDS(value_go_type(tag)));
        reader_skip(r, tag);
    } else if (config->tags_count == sizeof config->tags / sizeof config->tags[0]) {
        reader_full(r, e, config->tags_count, "tags");
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

static void set_size(uint64_t *to, number_t value) {
    *to = value > 0 ? (uint64_t)value : 0;
}

// What to do when a write times out. A client is closed, by default too.
static void read_write_timeout(struct reader *r, const struct entry *e) {
    struct word policy = value_text(r, e);
    if (word_same(policy, word("retry")))
        reader_complain(r, &e->at, "write_timeout %q is not built into this midge yet", &policy);
    else if (!word_same(policy, word("default")) && !word_same(policy, word("close")))
        value_complain(r, e, "write_timeout must be 'default', 'close' or 'retry'");
}

// Whether the value of an unbuilt feature leaves it unused, and may therefore pass. Reads it to its
// end.
static bool asks_for_nothing(struct reader *r, const char *nothing, const struct entry *e) {
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

void hub_read(struct reader *r, const struct option *o, void *to, const struct entry *e) {
    if (o->kind == OPTION_SIZE) {
        set_size(to, e->integer);
    } else if (o->kind == OPTION_TAGS) {
        read_tags(r, e);
    } else if (o->kind == OPTION_WRITE_TIMEOUT) {
        read_write_timeout(r, e);
    } else if (o->kind == OPTION_UNBUILT) {
        if (!asks_for_nothing(r, o->nothing != NULL ? o->nothing : "", e))
            value_complain(r, e, "%q is not built into this midge yet");
    } else {
        reader_say(r, &e->at, MIDGE_REMARK, "%q has no effect here", &e->key);
        reader_skip(r, e);
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
    number_t number = 0;
    bool yes = word_is(w, "1|t|T|true|TRUE|True", false);
    bool number_wanted =
        o->kind == OPTION_PORT || o->kind == OPTION_SIZE || o->kind == OPTION_COUNT;
    if (midge_option_switch(option) && !yes && !word_is(w, "0|f|F|false|FALSE|False", false))
        return MIDGE_ERR_INVALID;
    if (number_wanted && !decimal_read(w, &number))
        return MIDGE_ERR_INVALID;
    switch ((enum option_kind)o->kind) {
    case OPTION_SWITCH:
        option_set_switch(o, config, yes);
        return 0;
    case OPTION_UNBUILT:
        return yes ? MIDGE_ERR_UNBUILT : 0;
    case OPTION_PORT:
        option_set_port(option_member(o, config), number);
        return 0;
    case OPTION_SIZE:
        set_size(option_member(o, config), number);
        return 0;
    case OPTION_COUNT:
        option_set_number(o, config, number);
        return 0;
    case OPTION_TEXT:
    case OPTION_NAME:
    case OPTION_PASSWORD: {
        int32_t place = midge_config_add(config, w.text, w.bytes);
        if (place < 0)
            return place;
        *(midge_text *)option_member(o, config) = (midge_text)place;
        return o->kind == OPTION_PASSWORD && bcrypt_is_hash(text) && !option_hashes(text)
                   ? MIDGE_ERR_UNBUILT
                   : 0;
    }
    default:
        return 0;  // ignored
    }
}

#endif
