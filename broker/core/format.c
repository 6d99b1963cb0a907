#include "broker/core/format.h"

#include "broker/broker.h"
#include "broker/core/args.h"
#include "broker/core/chars.h"
#include "broker/core/divide.h"

void format_bytes(struct format *f, const void *bytes, uint32_t n) {
    if (n > f->max - f->n)
        n = f->max - f->n;
    memcpy(f->to + f->n, bytes, n);
    f->n += n;
}

void format_text(struct format *f, const char *s) {
    format_bytes(f, s, (uint32_t)strlen(s));
}

void format_char(struct format *f, char c) {
    format_bytes(f, &c, 1);
}

uint32_t format_decimal(uint8_t *to, uint64_t v) {
    uint8_t reverse[20];
    uint32_t n = 0;
    do
        reverse[n++] = (uint8_t)('0' + divide(&v, 10));
    while (v > 0);
    for (uint32_t i = 0; i < n; i++)
        to[i] = reverse[n - 1 - i];
    return n;
}

void format_u64(struct format *f, uint64_t v) {
    uint8_t digits[20];
    format_bytes(f, digits, format_decimal(digits, v));
}

void format_digits(struct format *f, uint32_t v, uint32_t digits) {
    uint8_t text[20];
    uint32_t n = format_decimal(text, v);
    for (; digits > n; digits--)
        format_char(f, '0');
    format_bytes(f, text, n);
}

static void format_hex(struct format *f, uint32_t v, uint32_t digits) {
    while (digits-- > 0)
        format_char(f, "0123456789abcdef"[v >> 4 * digits & 15]);
}

// Bytes of the UTF-8 sequence at p, 0 if it is not one.
static uint32_t utf8_bytes(const uint8_t *p, uint32_t n) {
    uint32_t len = p[0] < 0x80                   ? 1
                   : p[0] >= 0xc2 && p[0] < 0xe0 ? 2
                   : (p[0] & 0xf0) == 0xe0       ? 3
                   : p[0] >= 0xf0 && p[0] < 0xf5 ? 4
                                                 : 0;
    if (len == 0 || len > n)
        return 0;
    for (uint32_t i = 1; i < len; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] >= 0xa0) ||
        (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] >= 0x90))
        return 0;
    return len;
}

void format_quoted(struct format *f, const void *bytes, uint32_t n) {
    static const char names[] = "abtnvfr";  // escapes of 0x07..0x0d
    const uint8_t *p = bytes;
    format_char(f, '"');
    while (n > 0) {
        uint32_t len = utf8_bytes(p, n);
        if (len == 0 || p[0] < 0x20 || p[0] == 0x7f || p[0] == '"' || p[0] == '\\') {
            len = 1;
            format_char(f, '\\');
            if (p[0] == '"' || p[0] == '\\') {
                format_char(f, (char)p[0]);
            } else if (p[0] >= 7 && p[0] <= 13) {
                format_char(f, names[p[0] - 7]);
            } else {
                format_char(f, 'x');
                format_hex(f, p[0], 2);
            }
        } else {
            format_bytes(f, p, len);
        }
        p += len;
        n -= len;
    }
    format_char(f, '"');
}

uint32_t format_escaped(struct format *f, const void *bytes, uint32_t n) {
    const uint8_t *p = bytes;
    const uint8_t *end = p + n;
    while (p < end && f->max - f->n >= FORMAT_ESCAPED_BYTES_MAX) {
        uint32_t len = utf8_bytes(p, (uint32_t)(end - p));
        const char *escape = p[0] == '\n'   ? "\\n"
                             : p[0] == '\r' ? "\\r"
                             : p[0] == '\t' ? "\\t"
                             : p[0] == '"'  ? "\\\""
                             : p[0] == '\\' ? "\\\\"
                                            : NULL;
        if (escape != NULL) {
            format_text(f, escape);
        } else if (len == 0) {
            format_text(f, "\\ufffd");
            len = 1;
        } else if (p[0] < 0x20 || p[0] == '<' || p[0] == '>' || p[0] == '&') {
            format_text(f, "\\u");
            format_hex(f, p[0], 4);
        } else {
            format_bytes(f, p, len);
        }
        p += len;
    }
    return n - (uint32_t)(end - p);
}

void format_json(struct format *f, const void *bytes, uint32_t n) {
    format_char(f, '"');
    format_escaped(f, bytes, n);
    format_char(f, '"');
}

void format_say_these(struct format *f, const char *sentence, va_list values) {
    const char *percent;
    while ((percent = chars_find(sentence, '%')) != NULL) {
        format_bytes(f, sentence, (uint32_t)(percent - sentence));
        sentence = percent + 2;
        if (percent[1] == 's') {
            format_text(f, va_arg(values, const char *));
        } else if (percent[1] == 'u') {
            format_u64(f, va_arg(values, uint32_t));
        } else {
            const struct word *w = va_arg(values, const struct word *);
            if (percent[1] == 'w')
                format_bytes(f, w->bytes, w->n);
            else if (percent[1] == 'q')
                format_quoted(f, w->bytes, w->n);
            else
                format_json(f, w->bytes, w->n);
        }
    }
    format_text(f, sentence);
}

void format_say(struct format *f, const char *sentence, ...) {
    va_list values;
    va_start(values, sentence);
    format_say_these(f, sentence, values);
    va_end(values);
}

static bool is_ip6(const struct midge_peer *peer) {
    return MIDGE_ADDRESS_BYTES == 16 && peer->ip_bytes == 16;
}

static void format_ip6(struct format *f, const uint8_t *ip) {
    // The longest run of at least two zero groups, the first of equals.
    uint32_t best = 8;
    uint32_t best_groups = 1;
    for (uint32_t i = 0; i < 8; i++) {
        uint32_t groups = 0;
        while (i + groups < 8 && ip[2 * (i + groups)] == 0 && ip[2 * (i + groups) + 1] == 0)
            groups++;
        if (groups > best_groups) {
            best = i;
            best_groups = groups;
        }
    }
    for (uint32_t i = 0; i < 8; i++) {
        if (i == best) {
            format_text(f, "::");
            i += best_groups - 1;
            continue;
        }
        if (i > 0 && i != best + best_groups)
            format_char(f, ':');
        uint32_t group = (uint32_t)ip[2 * i] << 8 | ip[2 * i + 1];
        format_hex(f, group, group > 0xfff ? 4 : group > 0xff ? 3 : group > 0xf ? 2 : 1);
    }
}

void format_ip(struct format *f, const struct midge_peer *peer) {
    if (is_ip6(peer)) {
        format_ip6(f, peer->ip);
        return;
    }
    for (uint32_t i = 0; i < peer->ip_bytes; i++) {
        if (i > 0)
            format_char(f, '.');
        format_u64(f, peer->ip[i]);
    }
}

void format_peer(struct format *f, const struct midge_peer *peer) {
    if (is_ip6(peer))
        format_char(f, '[');
    format_ip(f, peer);
    if (is_ip6(peer))
        format_char(f, ']');
    format_char(f, ':');
    format_u64(f, peer->port);
}

void format_fraction(struct format *f, uint64_t v, uint32_t digits) {
    uint32_t rest = 0;
    for (uint32_t i = 0, unit = 1; i < digits; i++, unit *= 10)
        rest += divide(&v, 10) * unit;
    format_u64(f, v);
    if (rest == 0)
        return;
    format_char(f, '.');
    while (rest % 10 == 0) {
        rest /= 10;
        digits--;
    }
    format_digits(f, rest, digits);
}

void format_duration(struct format *f, uint64_t us) {
    if (us < 1000) {
        format_u64(f, us);
        format_text(f, us == 0 ? "s" : "µs");
        return;
    }
    if (us < 1000000) {
        format_fraction(f, us, 3);
        format_text(f, "ms");
        return;
    }
    uint64_t hours = us;
    uint32_t rest = divide(&hours, 1000);
    rest += divide(&hours, 1000) * 1000;
    rest += divide(&hours, 60) * 1000000;
    uint32_t minutes = divide(&hours, 60);
    if (hours > 0) {
        format_u64(f, hours);
        format_char(f, 'h');
    }
    if (hours > 0 || minutes > 0) {
        format_u64(f, minutes);
        format_char(f, 'm');
    }
    format_fraction(f, rest, 6);
    format_char(f, 's');
}
