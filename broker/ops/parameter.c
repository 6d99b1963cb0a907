#include "broker/ops/parameter.h"

#include "broker/core/format.h"
#include "broker/ops/names.h"

const char *parameter_number(const char *text, bool with_sign, number_t *number) {
    number_t most = (number_t)-1 >> with_sign;
    bool negative = with_sign && *text == '-';
    bool fits = true;
    number_t v = 0;
    *number = 0;
    if (negative || (with_sign && *text == '+'))
        text++;
    do {
        if (*text < '0' || *text > '9')
            return "invalid syntax";
        uint32_t digit = (uint32_t)(*text++ - '0');
        // The lowest number is one further from 0 than the highest.
        fits = fits && v <= (most - digit + negative) / 10;
        v = v * 10 + digit;
    } while (*text != '\0');
    if (!fits)
        return "value out of range";
    *number = negative ? 0 : v;
    return NULL;
}

int parameter_switch(const char *text) {
    if (!MIDGE_MONITOR_HUB)
        return *text == '1' || *text == 't';
    int i = names_find("0\0f\0F\0false\0False\0FALSE\0"
                       "1\0t\0T\0true\0True\0TRUE",
                       12, text);
    return i < 0 ? -1 : i >= 6;
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
    number_t number;
    const char *wrong;
    int on;
    if (parameter->type == PARAMETER_STATE)
        return check_state(value, flags, complaint);
    if (*value == '\0')
        return true;
    if (parameter->type == PARAMETER_INT) {
        wrong = parameter_number(value, true, &number);
        return wrong == NULL || complain(parameter, value, "int", "Atoi", wrong, complaint);
    }
    if (parameter->type == PARAMETER_UINT64) {
        wrong = parameter_number(value, false, &number);
        return wrong == NULL || complain(parameter, value, "uint64", "ParseUint", wrong, complaint);
    }
    if (parameter->type == PARAMETER_SUBS && same_word(value, "detail")) {
        *flags |= SHOW_DETAIL;
        return true;
    }
    on = parameter_switch(value);
    if (on == 1)
        *flags |= parameter->flag;
    return on >= 0 ||
           complain(parameter, value, "boolean", "ParseBool", "invalid syntax", complaint);
}
