#include "broker/ops/parameter.h"

#include <string.h>

#include "broker/core/format.h"

const char *parameter_number(const char *text, uint64_t most, uint64_t *number) {
    bool is_signed = most == INT64_MAX;
    bool negative = is_signed && *text == '-';
    uint64_t v = 0;
    bool fits = true;
    *number = 0;
    if (is_signed && (*text == '-' || *text == '+'))
        text++;
    if (*text == '\0')
        return "invalid syntax";
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            return "invalid syntax";
        uint32_t digit = (uint32_t)(*text - '0');
        // The lowest number is one further from 0 than the highest.
        fits = fits && v <= (most - digit + negative) / 10;
        v = v * 10 + digit;
    }
    if (!fits)
        return "value out of range";
    *number = negative ? 0 : v;
    return NULL;
}

// As Go's strconv.ParseBool: 1 and 0 for true and false, -1 for neither.
static int parse_switch(const char *text) {
    static const char words[][6] = {"0", "f", "F", "false", "False", "FALSE",
                                    "1", "t", "T", "true",  "True",  "TRUE"};
    for (int i = 0; i < 12; i++) {
        if (strcmp(text, words[i]) == 0)
            return i >= 6;
    }
    return -1;
}

static bool same_word(const char *text, const char *lower) {
    for (; *lower != '\0'; text++, lower++) {
        int c = *text >= 'A' && *text <= 'Z' ? *text - 'A' + 'a' : *text;
        if (c != *lower)
            return false;
    }
    return *text == '\0';
}

static bool complain(const struct parameter *parameter, const char *value, const char *type,
                     const char *function, const char *wrong, struct format *f) {
    format_text(f, "Error decoding ");
    format_text(f, type);
    format_text(f, " for '");
    format_text(f, parameter->name);
    format_text(f, "': strconv.");
    format_text(f, function);
    format_text(f, ": parsing ");
    format_quoted(f, value, (uint32_t)strlen(value));
    format_text(f, ": ");
    format_text(f, wrong);
    return false;
}

static bool check_state(const char *value, uint8_t *flags, struct format *complaint) {
    if (same_word(value, "closed")) {
        *flags |= SHOW_CLOSED;
    } else if (same_word(value, "any") || same_word(value, "all")) {
        *flags |= SHOW_OPEN | SHOW_CLOSED;
    } else if (*value == '\0' || same_word(value, "open")) {
        *flags |= SHOW_OPEN;
    } else {
        format_text(complaint, "Error decoding state for ");
        format_text(complaint, value);
        return false;
    }
    return true;
}

bool parameter_check(const struct parameter *parameter, const char *value, uint8_t *flags,
                     struct format *complaint) {
    uint64_t number;
    const char *wrong;
    int on;
    if (parameter->type == PARAMETER_STATE)
        return check_state(value, flags, complaint);
    if (*value == '\0')
        return true;
    switch (parameter->type) {
    case PARAMETER_INT:
        wrong = parameter_number(value, INT64_MAX, &number);
        return wrong == NULL || complain(parameter, value, "int", "Atoi", wrong, complaint);
    case PARAMETER_UINT64:
        wrong = parameter_number(value, UINT64_MAX, &number);
        return wrong == NULL || complain(parameter, value, "uint64", "ParseUint", wrong, complaint);
    case PARAMETER_SUBS:
        if (same_word(value, "detail")) {
            *flags |= SHOW_DETAIL;
            return true;
        }
        break;
    default:
        break;
    }
    on = parse_switch(value);
    if (on == 1)
        *flags |= parameter->flag;
    return on >= 0 ||
           complain(parameter, value, "boolean", "ParseBool", "invalid syntax", complaint);
}
