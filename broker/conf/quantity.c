#include "broker/conf/quantity.h"

#include "broker/conf/number.h"
#include "broker/conf/value.h"

// ---- Counts -------------------------------------------------------------------------------------

// A number as a remark shows it.
static struct word number_word(const struct option *o, number_t value, char text[32]) {
    struct format f = {(uint8_t *)text, 0, 32};
    bool ms = o->kind == OPTION_DURATION || o->kind == OPTION_SECONDS || o->kind == OPTION_TIMEOUT;
    if (!ms || value > NUMBER_MAX / 1000)
        return word_of(value, text);
    format_duration(&f, (uint64_t)value * 1000);
    return (struct word){text, f.n};
}

static bool is_no_limit(const struct option *o, const struct entry *e) {
    return o->kind == OPTION_PAYLOAD && e->integer < 0;
}

// Whether nats-server takes such a number. Complains if not.
static bool check_count(struct reader *r, const struct option *o, const struct entry *e) {
    bool bytes = o->kind == OPTION_BYTES || o->kind == OPTION_PAYLOAD;
    bool tokens = o->kind == OPTION_TOKENS;
    bool small = tokens && e->integer <= 0;
    if (small || (bytes && e->integer > INT32_MAX) || (tokens && e->integer > UINT8_MAX)) {
        value_complain(r, e, small ? "%s value can not be negative" : "%s value is too big");
        return false;
    }
    return true;
}

static bool read_count(struct reader *r, const struct option *o, const struct entry *e,
                       number_t *value) {
    if (MIDGE_CONFIG_HUB && !check_count(r, o, e))
        return false;
    *value = is_no_limit(o, e) ? NUMBER_MAX : e->integer;
    return true;
}

// ---- Durations ----------------------------------------------------------------------------------

// Reads a duration in milliseconds, rounded up. False, with a complaint, where it is none:
// `failure` takes the key or nothing, and the reason goes behind it.
static bool read_ms(struct reader *r, const struct entry *e, const char *failure, number_t *ms) {
    number_t time;
    struct word words[2];
    const char *sentence =
        duration_read(value_text(r, e), e->value.kind == ITEM_FLOAT, &time, words);
    if (sentence == NULL) {
        bool ns = MIDGE_CONFIG_HUB;
        *ms = !ns ? time : time > 0 ? (time - 1) / 1000000 + 1 : time / 1000000;
        return true;
    }
    if (!MIDGE_CONFIG_HUB) {
        value_complain(r, e, sentence);
        return false;
    }
    char text[256];
    struct format reason = FORMAT(text);
    format_words(&reason, failure, &e->key);
    format_words(&reason, sentence, words);
    reader_complain(r, &e->at, "%s", WORDS((struct word){text, reason.n}));
    return false;
}

// Of a hub only, in its sentences.
static bool read_duration(struct reader *r, const struct option *o, const struct entry *e,
                          number_t *ms) {
    if (!read_ms(r, e, "error parsing %s: ", ms))
        return false;
    if (*ms >= (number_t)option_bounds(o)->least)
        return true;
    char text[32];
    if (option_bounds(o)->least == 0)
        value_complain(r, e, "invalid %s, needs to be positive");
    else
        reader_complain(r, &e->at, "invalid %s of %s, minimum is 30 seconds",
                        WORDS(e->key, number_word(o, *ms > 0 ? *ms : 0, text)));
    return false;
}

static void warn_of_seconds(struct reader *r, const struct option *o, const struct entry *e) {
    reader_say(r, &e->at, MIDGE_WARNING,
               "invalid use of field %q: %s should be converted to a duration",
               WORDS(word(o->names), word(o->names)));
}

static void warn_of_high_timeout(struct reader *r, const struct entry *e, number_t ms) {
    char text[32], digits[DIGITS_MAX];
    struct format seconds = FORMAT(text);
    format_u64(&seconds, (uint64_t)ms / 1000);
    format_char(&seconds, '.');
    format_digits(&seconds, (uint32_t)(ms % 1000) * 1000, 6);
    reader_say(
        r, &e->at, MIDGE_WARNING,
        "invalid use of field %q: timeout of %s (%s seconds) is high, consider keeping it under 60 "
        "seconds. possibly caused by unquoted duration; use '1m' instead of 1m, for example",
        WORDS(e->key, value_word(r, e, digits), (struct word){text, seconds.n}));
}

// A duration, or a number of seconds: the older form of an interval, the common one of a timeout.
static bool read_time(struct reader *r, const struct option *o, const struct entry *e,
                      number_t *ms) {
    bool timeout = o->kind == OPTION_TIMEOUT;
    if (e->value.kind == ITEM_INTEGER) {
        *ms = seconds_ms(e->integer);
        if (MIDGE_CONFIG_HUB && !timeout)
            warn_of_seconds(r, o, e);
    } else if (e->value.kind == ITEM_TEXT || (e->value.kind == ITEM_FLOAT && timeout)) {
        if (!read_ms(r, e,
                     timeout ? MIDGE_TLS && o->place == PLACE_TLS
                                   ? "error parsing tls config, 'timeout' "
                                   : "error parsing authorization config, 'timeout' "
                             : "error parsing %s: ",
                     ms))
            return false;
    } else if (MIDGE_CONFIG_HUB && !timeout) {
        value_expect(r, e, ITEM_TEXT, NULL);
        return false;
    } else {
        value_refuse(
            r, e,
            MIDGE_TLS && o->place == PLACE_TLS
                ? SAY("error parsing tls config, 'timeout' wrong type", "a duration")
                : SAY("error parsing authorization config, 'timeout' wrong type", "a duration"));
        return false;
    }
    if (MIDGE_CONFIG_HUB && timeout && !(MIDGE_TLS && o->place == PLACE_TLS) && *ms > 60 * 1000)
        warn_of_high_timeout(r, e, *ms);
    return true;
}

#if MIDGE_RESPONSES_MAX > 0
void quantity_expires(struct reader *r, uint32_t *to, const struct entry *e) {
    number_t ms;
    if (e->value.kind != ITEM_TEXT) {
        reader_complain(r, &e->at,
                        SAY("error parsing expires, not a duration string", "a duration"), NULL);
        reader_skip(r, e);
    } else if (read_ms(r, e, "error parsing expires: ", &ms) && ms != 0) {
        // No time is too long to be none.
        *to = ms < 0 || ms > (number_t)INT32_MAX / 2 ? 0 : (uint32_t)ms;
    }
}
#endif

// ---- Both ---------------------------------------------------------------------------------------

// That a number was brought down.
static void remark(struct reader *r, const struct option *o, const struct entry *e,
                   number_t value) {
    char a[32], b[32];
    if (!MIDGE_CONFIG_HUB) {
        reader_say(r, &e->at, MIDGE_REMARK, "%s lowered to %s",
                   WORDS(e->key, word_of(option_bounds(o)->most, a)));
        return;
    }
    bool none = is_no_limit(o, e);
    reader_say(
        r, &e->at, MIDGE_REMARK,
        none ? "%s of %s, no limit, is above the maximum of this build, %s, which is used instead"
             : "%s of %s is above the maximum of this build, %s, which is used instead",
        WORDS(e->key, none ? word_of(e->integer, a) : number_word(o, value, a),
              number_word(o, option_bounds(o)->most, b)));
}

void quantity_read(struct reader *r, const struct option *o, void *into, const struct entry *e) {
    number_t value;
    bool duration = MIDGE_CONFIG_HUB && o->kind == OPTION_DURATION;
    bool time = o->kind == OPTION_SECONDS || o->kind == OPTION_TIMEOUT;
    bool good = duration ? read_duration(r, o, e, &value)
                : time   ? read_time(r, o, e, &value)
                         : read_count(r, o, e, &value);
    if (good && option_set_number(o, into, value))
        remark(r, o, e, value);
}
