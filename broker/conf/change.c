// What differs between two configurations, in the words of nats-server's reload.

#include "broker/conf/authorization.h"
#include "broker/conf/option.h"
#include "broker/conf/tls.h"
#include "broker/core/chars.h"

#if MIDGE_CONFIG_HUB

static bool is_text(const struct option *o) {
    return o->kind == OPTION_TEXT || o->kind == OPTION_NAME || o->kind == OPTION_PASSWORD;
}

static const void *member(const struct option *o, const struct midge_config *config) {
    return (const char *)config + o->at;
}

static const char *text_of(const struct option *o, const struct midge_config *config) {
    return midge_config_text(config, *(const midge_text *)member(o, config));
}

static bool same_tags(const struct midge_config *a, const struct midge_config *b) {
    bool same = a->tags_count == b->tags_count;
    for (uint32_t i = 0; same && i < a->tags_count; i++)
        same = chars_same(midge_config_text(a, a->tags[i]), midge_config_text(b, b->tags[i]));
    return same;
}

static bool differs(const struct option *o, const struct midge_config *from,
                    const struct midge_config *to) {
#if MIDGE_TLS
    if (tls_compares(o))
        return tls_differs(o, from, to);
#endif
    if (o->reload == RELOAD_ALWAYS)
        return true;
    if (o->kind == OPTION_TAGS)
        return !same_tags(from, to);
    if (is_text(o))
        return !chars_same(text_of(o, from), text_of(o, to));
    return memcmp(member(o, from), member(o, to), option_bytes(o)) != 0;
}

// What may change for all that its row says.
static bool is_excused(const struct option *o, const struct midge_config *from,
                       const struct midge_config *to) {
    if (o->at == offsetof(struct midge_config, port))
        return to->port == -1;  // any port: the one that it has, for instance
    if (o->at == offsetof(struct midge_config, no_auth_user))
        return to->no_auth_user == 0 &&  // whoever it was may be no user any more
               !users_have(to, to->users_count, text_of(o, from));
    return false;
}

static void add_value(struct format *f, const struct option *o, const struct midge_config *config) {
    char digits[DIGITS_MAX];
    const void *value = member(o, config);
    uint32_t number = 0;
    if (is_text(o)) {
        format_text(f, text_of(o, config));
        return;
    }
    if (o->kind == OPTION_SWITCH) {
        format_text(f, *(const bool *)value ? "true" : "false");
        return;
    }
    if (o->kind == OPTION_SIZE) {
        format_u64(f, *(const uint64_t *)value);
        return;
    }
    memcpy(&number, value, sizeof number);
    if (o->kind == OPTION_PORT) {
        format_words(f, "%s", WORDS(word_of((int32_t)number, digits)));
    } else if (o->kind == OPTION_DURATION || o->kind == OPTION_SECONDS) {
        format_duration(f, (uint64_t)number * 1000);
    } else if (o->kind == OPTION_TIMEOUT) {
        // In seconds, with the digits that matter.
        format_u64(f, number / 1000);
        if (number % 1000 > 0)
            format_char(f, '.');
        for (uint32_t part = number % 1000; part > 0; part = part * 10 % 1000)
            format_u64(f, part / 100);
    } else {
        format_u64(f, number);
    }
}

static void add_line(struct format *f, const struct option *o, const struct midge_config *from,
                     const struct midge_config *to) {
    if (o->reload == RELOAD_REFUSED) {
        format_words(f, "config reload not supported for %s: old=", WORDS(word(o->label)));
        add_value(f, o, from);
        format_text(f, ", new=");
        add_value(f, o, to);
        return;
    }
#if MIDGE_TLS
    if (tls_compares(o)) {
        tls_add_change(f, o, to);
        return;
    }
#endif
    if (o->label != NULL) {
        format_text(f, o->label);
    } else {
        format_text(f, "Reloaded: ");
        format_bytes(f, o->names, (uint32_t)strcspn(o->names, "|"));
    }
    if (o->reload == RELOAD_SHOWN) {
        format_text(f, " = ");
        add_value(f, o, to);
    }
}

int32_t midge_config_change(const struct midge_config *from, const struct midge_config *to,
                            int32_t option, bool *fixed, char *line, uint32_t line_max) {
    for (uint32_t i = (uint32_t)option; i < options_count; i++) {
        const struct option *o = &options[i];
        if (o->reload == RELOAD_NOTHING || !differs(o, from, to) || is_excused(o, from, to))
            continue;
        struct format f = {(uint8_t *)line, 0, line_max - 1};
        *fixed = o->reload == RELOAD_REFUSED;
        add_line(&f, o, from, to);
        line[f.n] = '\0';
        return (int32_t)i + 1;
    }
    return 0;
}

#endif
