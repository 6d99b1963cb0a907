#include "broker/conf/number.h"

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// Appends decimal digits to *value; false where it does not fit.
static bool digits_read(const char *at, const char *end, uint64_t *value) {
    for (; at < end; at++) {
        if (*value > INT64_MAX / 10)
            return false;
        *value = *value * 10 + (uint64_t)(*at - '0');
    }
    return *value <= INT64_MAX;
}

bool integer_read(struct word text, int64_t *value) {
    const char *at = text.text;
    const char *end = at + text.bytes;
    bool negative = at < end && *at == '-';
    at += negative;
    const char *suffix = at;
    while (suffix < end && is_digit(*suffix))
        suffix++;
    uint64_t magnitude = 0;
    if (suffix == at || !digits_read(at, suffix, &magnitude))
        return false;
    if (suffix < end) {
        static const char letters[] = "kmgtpe";
        const char *letter = strchr(letters, *suffix | 0x20);
        struct word rest = {suffix + 1, (uint32_t)(end - suffix - 1)};
        if (letter == NULL || (rest.bytes > 0 && !word_is(rest, "b|i|ib", true)))
            return false;
        uint64_t factor = rest.bytes > 0 ? 1024 : 1000;
        for (int64_t power = letter - letters; power >= 0; power--) {
            if (magnitude > INT64_MAX / factor)
                return false;
            magnitude *= factor;
        }
    }
    *value = negative ? -(int64_t)magnitude : (int64_t)magnitude;
    return true;
}

bool decimal_read(struct word text, int64_t *value) {
    const char *at = text.text;
    const char *end = at + text.bytes;
    bool negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+'))
        at++;
    for (const char *digit = at; digit < end; digit++) {
        if (!is_digit(*digit))
            return false;
    }
    uint64_t magnitude = 0;
    if (at == end || !digits_read(at, end, &magnitude))
        return false;
    *value = negative ? -(int64_t)magnitude : (int64_t)magnitude;
    return true;
}

int64_t seconds_ms(int64_t seconds) {
    int64_t most = (int64_t)1 << 62;
    return seconds > most / 1000 ? most : seconds < -most / 1000 ? -most : seconds * 1000;
}

bool float_ms(struct word text, int64_t *ms) {
    const char *dot = memchr(text.text, '.', text.bytes);
    int64_t seconds;
    if (!decimal_read((struct word){text.text, (uint32_t)(dot - text.text)}, &seconds))
        return false;
    int64_t part = 0;
    int64_t unit = 100;
    for (const char *digit = dot + 1; digit < text.text + text.bytes && unit > 0; unit /= 10)
        part += (*digit++ - '0') * unit;
    *ms = seconds_ms(seconds) + (*text.text == '-' ? -part : part);
    return true;
}

static int two_digits(const char *at) {
    return (at[0] - '0') * 10 + at[1] - '0';
}

bool datetime_valid(struct word text) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const char *t = text.text;
    int year = two_digits(t) * 100 + two_digits(t + 2);
    int month = two_digits(t + 5);
    int day = two_digits(t + 8);
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1] + (leap && month == 2) &&
           two_digits(t + 11) < 24 && two_digits(t + 14) < 60 && two_digits(t + 17) < 60;
}

// ---- Durations ----------------------------------------------------------------------------------

#define US_NS 1000ull
#define MS_NS 1000000ull
#define S_NS 1000000000ull
#define MIN_NS (60 * S_NS)
#define HOUR_NS (60 * MIN_NS)

static uint64_t unit_ns(struct word unit) {
    static const struct {
        const char *name;
        uint64_t ns;
    } units[] = {
        {"ns", 1},     {"us", US_NS}, {"\xc2\xb5s", US_NS}, {"\xce\xbcs", US_NS},
        {"ms", MS_NS}, {"s", S_NS},   {"m", MIN_NS},        {"h", HOUR_NS},
    };
    for (uint32_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strlen(units[i].name) == unit.bytes &&
            memcmp(units[i].name, unit.text, unit.bytes) == 0)
            return units[i].ns;
    }
    return 0;
}

const char *duration_read(struct word text, int64_t *ns, struct word words[2]) {
    static const char invalid[] = SAY("time: invalid duration %q", "a duration");
    const char *at = text.text;
    const char *end = at + text.bytes;
    words[0] = text;
    bool negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+'))
        at++;
    *ns = 0;
    if (end - at == 1 && *at == '0')
        return NULL;
    if (at == end)
        return invalid;
    uint64_t sum = 0;
    while (at < end) {
        const char *whole = at;
        while (at < end && is_digit(*at))
            at++;
        const char *dot = at;
        if (at < end && *at == '.') {
            at++;
            while (at < end && is_digit(*at))
                at++;
        }
        if (dot == whole && at - dot < 2)
            return invalid;
        const char *unit = at;
        while (at < end && *at != '.' && !is_digit(*at))
            at++;
        if (at == unit)
            return SAY("time: missing unit in duration %q", invalid);
        words[0] = (struct word){unit, (uint32_t)(at - unit)};
        words[1] = text;
        uint64_t each = unit_ns(words[0]);
        if (each == 0)
            return SAY("time: unknown unit %q in duration %q", invalid);
        words[0] = text;
        uint64_t value = 0;
        if (!digits_read(whole, dot, &value) || value > INT64_MAX / each)
            return invalid;
        value *= each;
        for (const char *digit = dot + 1; digit < unit && (each /= 10) > 0; digit++)
            value += (uint64_t)(*digit - '0') * each;
        sum += value;
        if (sum > INT64_MAX)
            return invalid;
    }
    *ns = negative ? -(int64_t)sum : (int64_t)sum;
    return NULL;
}
