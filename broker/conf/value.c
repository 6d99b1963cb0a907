#include "broker/conf/value.h"

static const struct {
    const char *name;
    const char *go;
} kinds[] = {
    [ITEM_MAP] = {"a map", "map[string]interface {}"},
    [ITEM_ARRAY] = {"an array", "[]interface {}"},
    [ITEM_TEXT] = {"a string", "string"},
    [ITEM_BOOL] = {"a boolean", "bool"},
    [ITEM_INTEGER] = {"an integer", "int64"},
    [ITEM_FLOAT] = {"a float", "float64"},
    [ITEM_TIME] = {"a time", "time.Time"},
};

struct word value_word(const struct entry *e, char digits[DIGITS_MAX]) {
    if (e->value.kind == ITEM_INTEGER)
        return word_of(e->integer, digits);
    bool scalar = e->value.kind != ITEM_MAP && e->value.kind != ITEM_ARRAY;
    return scalar ? e->value.text : word(kinds[e->value.kind].name);
}

bool value_true(const struct entry *e) {
    return word_is(e->value.text, "true|yes|on", true);
}

struct word value_go_type(const struct entry *e) {
    return word(kinds[e->value.kind].go);
}

bool value_expect(struct reader *r, const struct entry *e, enum item_kind kind) {
    if (e->value.kind == kind)
        return true;
    reader_complain(r, e, MIDGE_ERROR, "expected %s for %q, but got %s",
                    WORDS(word(kinds[kind].name), e->key, word(kinds[e->value.kind].name)));
    reader_skip(r, e);
    return false;
}

static struct word complain_of_room(struct reader *r, const struct entry *e) {
    reader_full(r, e, "the strings of the config exceed %s bytes", MIDGE_CONFIG_TEXT_BYTES);
    return word("");
}

struct word value_text(struct reader *r, struct midge_config *config, const struct entry *e) {
    struct word text = e->value.text;
    if (!e->value.escaped)
        return text;
    if (text.bytes > MIDGE_CONFIG_TEXT_BYTES - config->text_bytes)
        return complain_of_room(r, e);
    char *to = config->text + config->text_bytes;
    uint32_t n = text_unescape(text, to);
    if (memchr(to, '\0', n) == NULL)
        return (struct word){to, n};
    reader_complain(r, e, MIDGE_ERROR, "a string cannot hold a zero byte", NULL);
    return word("");
}

midge_text value_keep(struct reader *r, struct midge_config *config, const struct entry *e,
                      struct word text) {
    int32_t place = midge_config_add(config, text.text, text.bytes);
    if (place >= 0)
        return (midge_text)place;
    complain_of_room(r, e);
    return 0;
}

bool value_bcrypt(const char *p) {
    if (p[0] != '$' || p[1] != '2' || p[2] == '\0' || strchr("abxy", p[2]) == NULL || p[3] != '$')
        return false;
    return p[4] >= '0' && p[4] <= '9' && p[5] >= '0' && p[5] <= '9' && p[6] == '$';  // its cost
}

const char value_no_port[] = "missing port in address";

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
            return "missing ']' in address";
        if (close + 1 == end)
            return value_no_port;
        if (close + 1 != colon)
            return close[1] == ':' ? "too many colons in address" : value_no_port;
    } else if (memchr(begin, ':', (size_t)(colon - begin)) != NULL) {
        return "too many colons in address";
    }
    *host = (struct word){begin, (uint32_t)(close - begin)};
    *port = (struct word){colon + 1, (uint32_t)(end - colon - 1)};
    if (memchr(host->text, '[', host->bytes) != NULL ||
        memchr(port->text, '[', port->bytes) != NULL)
        return "unexpected '[' in address";
    if (memchr(host->text, ']', host->bytes) != NULL ||
        memchr(port->text, ']', port->bytes) != NULL)
        return "unexpected ']' in address";
    return NULL;
}
