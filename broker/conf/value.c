#include "broker/conf/value.h"

#include "broker/core/chars.h"

static const char *kind_name(enum item_kind kind) {
    static const char names[][12] = {
        "a map",
        "an array",
        "a string",
        "a boolean",
        "an integer",
#if MIDGE_CONFIG_HUB
        "a float",
        "a time",
#endif
    };
    return names[kind - ITEM_MAP];
}

struct word value_go_type(const struct entry *e) {
    static const char *const names[] = {
        "map[string]interface {}",
        "[]interface {}",
        "string",
        "bool",
        "int64",
        "float64",
        "time.Time",
    };
    return word(MIDGE_CONFIG_HUB ? names[e->value.kind - ITEM_MAP] : "");
}

struct word value_word(struct reader *r, const struct entry *e, char digits[DIGITS_MAX]) {
    if (e->value.kind == ITEM_INTEGER)
        return word_of(e->integer, digits);
    bool scalar = e->value.kind != ITEM_MAP && e->value.kind != ITEM_ARRAY;
    return scalar ? value_text(r, e) : word(kind_name(e->value.kind));
}

bool value_true(const struct entry *e) {
    return word_is(e->value.text, "true|yes|on", true);
}

void value_complain(struct reader *r, const struct entry *e, const char *sentence) {
    reader_complain(r, &e->at, sentence, &e->key);
}

bool value_expect(struct reader *r, const struct entry *e, enum item_kind kind,
                  const char *sentence) {
    char digits[DIGITS_MAX];
    if (e->value.kind == kind)
        return true;
    if (!MIDGE_CONFIG_HUB)
        reader_complain(r, &e->at, kind_name(kind), NULL);
    else if (sentence != NULL)
        reader_complain(r, &e->at, sentence, WORDS(value_word(r, e, digits)));
    else
        reader_complain(r, &e->at, "expected %s for %q, but got %s",
                        WORDS(word(kind_name(kind)), e->key, word(kind_name(e->value.kind))));
    reader_skip(r, e);
    return false;
}

void value_refuse(struct reader *r, const struct entry *e, const char *sentence) {
    reader_complain(r, &e->at, sentence, MIDGE_CONFIG_HUB ? WORDS(value_go_type(e)) : NULL);
    reader_skip(r, e);
}

static struct word complain_of_room(struct reader *r, const struct entry *e) {
    reader_full(r, e, MIDGE_CONFIG_TEXT_BYTES, "bytes of strings");
    return word("");
}

struct word value_text(struct reader *r, const struct entry *e) {
    struct midge_config *config = r->config;
    struct word text = e->value.text;
    if (e->value.escape == NULL)
        return text;
    if (text.bytes > MIDGE_CONFIG_TEXT_BYTES - config->text_bytes)
        return complain_of_room(r, e);
    char *to = config->text + config->text_bytes;
    uint32_t n = text_unescape(&e->value, to);
    if (memchr(to, '\0', n) == NULL)
        return (struct word){to, n};
    reader_complain(r, &e->at, SAY("a string cannot hold a zero byte", "no zero byte"), NULL);
    return word("");
}

midge_text value_keep(struct reader *r, const struct entry *e, struct word text) {
    int32_t place = midge_config_add(r->config, text.text, text.bytes);
    if (place >= 0)
        return (midge_text)place;
    complain_of_room(r, e);
    return 0;
}

const char value_no_port[] = SAY("missing port in address", "host:port");

static bool either_has(struct word a, struct word b, char c) {
    return memchr(a.text, c, a.bytes) != NULL || memchr(b.text, c, b.bytes) != NULL;
}

const char *value_address(struct word text, struct word *host, struct word *port) {
    const char *begin = text.text;
    const char *end = begin + text.bytes;
    const char *colon = end;
    while (colon > begin && *--colon != ':')
        ;
    if (colon == end || *colon != ':')
        return value_no_port;
    const char *close = colon;
    if (*begin == '[') {
        begin++;
        close = memchr(begin, ']', (size_t)(end - begin));
        if (close == NULL)
            return SAY("missing ']' in address", value_no_port);
        if (close + 1 != colon)
            return close + 1 < end && close[1] == ':'
                       ? SAY("too many colons in address", value_no_port)
                       : value_no_port;
    } else if (memchr(begin, ':', (size_t)(colon - begin)) != NULL) {
        return SAY("too many colons in address", value_no_port);
    }
    *host = (struct word){begin, (uint32_t)(close - begin)};
    *port = (struct word){colon + 1, (uint32_t)(end - colon - 1)};
    if (!MIDGE_CONFIG_HUB)
        return NULL;
    return either_has(*host, *port, '[')   ? SAY("unexpected '[' in address", value_no_port)
           : either_has(*host, *port, ']') ? SAY("unexpected ']' in address", value_no_port)
                                           : NULL;
}
