#include "broker/conf/word.h"

#include "broker/core/chars.h"

bool word_is(struct word w, const char *names, bool any_case) {
    while (*names != '\0') {
        uint32_t n = 0;
        while (names[n] != '|' && names[n] != '\0')
            n++;
        bool same = n == w.bytes;
        for (uint32_t i = 0; same && i < n; i++) {
            char c = w.text[i];
            if (any_case && c >= 'A' && c <= 'Z')
                c |= 0x20;
            same = c == names[i];
        }
        if (same)
            return true;
        names += names[n] == '|' ? n + 1 : n;
    }
    return false;
}

struct word word_of(int64_t value, char digits[DIGITS_MAX]) {
    uint32_t sign = value < 0;
    digits[0] = '-';
    uint64_t magnitude = sign ? 0 - (uint64_t)value : (uint64_t)value;
    return (struct word){digits, sign + format_decimal((uint8_t *)digits + sign, magnitude)};
}

void format_words(struct format *f, const char *sentence, const struct word *words) {
    for (const char *percent; (percent = chars_find(sentence, '%')) != NULL;
         sentence = percent + 2) {
        format_bytes(f, sentence, (uint32_t)(percent - sentence));
        if (percent[1] == 'q')
            format_quoted(f, words->text, words->bytes);
        else
            format_bytes(f, words->text, words->bytes);
        words++;
    }
    format_text(f, sentence);
}
