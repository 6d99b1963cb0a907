#include "broker/conf/number.h"

#include "broker/core/chars.h"

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static const char *digits_end(const char *at, const char *end) {
    while (at < end && is_digit(*at))
        at++;
    return at;
}

// The value of decimal digits; false where it does not fit.
static bool digits_read(const char *at, const char *end, number_t *value) {
    *value = 0;
    for (; at < end; at++) {
        number_t digit = *at - '0';
        if (*value > (NUMBER_MAX - digit) / 10)
            return false;
        *value = *value * 10 + digit;
    }
    return true;
}

// Passes over a sign, if there is one. Answers whether it was a minus.
static bool skip_sign(const char **at, const char *end) {
    int sign = *at < end ? **at : '\0';
    *at += sign == '-' || sign == '+';
    return sign == '-';
}

bool integer_read(struct word text, number_t *value) {
    const char *at = text.text;
    const char *end = at + text.bytes;
    bool negative = skip_sign(&at, end);
    const char *suffix = digits_end(at, end);
    number_t magnitude;
    if (suffix == at || !digits_read(at, suffix, &magnitude))
        return false;
    if (suffix < end) {
        static const char letters[] = "kmgtpe";
        const char *letter = chars_find(letters, (char)(*suffix | 0x20));
        struct word rest = {suffix + 1, (uint32_t)(end - suffix - 1)};
        if (letter == NULL || (rest.bytes > 0 && !word_is(rest, "b|i|ib", true)))
            return false;
        number_t factor = rest.bytes > 0 ? 1024 : 1000;
        for (const char *power = letters; power <= letter; power++) {
            if (magnitude > NUMBER_MAX / factor)
                return false;
            magnitude *= factor;
        }
    }
    *value = negative ? -magnitude : magnitude;
    return true;
}

bool decimal_read(struct word text, number_t *value) {
    return text.bytes > 0 && is_digit(text.text[text.bytes - 1]) && integer_read(text, value);
}

number_t seconds_ms(number_t seconds) {
    number_t most = NUMBER_MAX / 2 + 1;
    return seconds > most / 1000 ? most : seconds < -most / 1000 ? -most : seconds * 1000;
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

static number_t unit_of(struct word name) {
    // Each so many times the one before.
    static const struct {
        char name[4];
        uint16_t times;
    } units[] = {
#if MIDGE_CONFIG_HUB
        {"ns", 1},
        {"us", 1000},
        {"\xc2\xb5s", 1},
        {"\xce\xbcs", 1},
        {"ms", 1000},
#else
        {"ms", 1},
#endif
        {"s", 1000},
        {"m", 60},
        {"h", 60},
    };
    number_t unit = 1;
    for (uint32_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        unit *= units[i].times;
        if (word_is(name, units[i].name, false))
            return unit;
    }
    return 0;
}

const char *duration_read(struct word text, bool seconds, number_t *time, struct word words[2]) {
    static const char invalid[] = SAY("time: invalid duration %q", "a duration");
    const char *at = text.text;
    const char *end = at + text.bytes;
    words[0] = text;
    bool negative = skip_sign(&at, end);
    *time = 0;
    if (end - at == 1 && *at == '0')
        return NULL;
    if (at == end)
        return invalid;
    number_t sum = 0;
    while (at < end) {
        const char *whole = at;
        const char *dot = digits_end(at, end);
        at = dot;
        if (at < end && *at == '.')
            at = digits_end(at + 1, end);
        if (dot == whole && at - dot < 2)
            return invalid;
        const char *unit = at;
        while (at < end && *at != '.' && !is_digit(*at))
            at++;
        if (at == unit && !seconds)
            return SAY("time: missing unit in duration %q", invalid);
        words[0] = (struct word){unit, (uint32_t)(at - unit)};
        words[1] = text;
        number_t each = unit_of(at == unit ? word("s") : words[0]);
        if (each == 0)
            return SAY("time: unknown unit %q in duration %q", invalid);
        words[0] = text;
        number_t value;
        number_t part = 0;
        if (!digits_read(whole, dot, &value) || value > (NUMBER_MAX - sum) / each)
            return invalid;
        sum += value * each;
        for (const char *digit = dot + 1; digit < unit && (each /= 10) > 0; digit++)
            part += (*digit - '0') * each;
        if (part > NUMBER_MAX - sum)
            return invalid;
        sum += part;
    }
    *time = negative ? -sum : sum;
    return NULL;
}
