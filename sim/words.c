#include "sim/words.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void words_add(struct words *w, const char *format, ...) {
    va_list values;
    va_start(values, format);
    int n = vsnprintf(w->text + w->n, sizeof w->text - w->n, format, values);
    va_end(values);
    uint32_t room = (uint32_t)sizeof w->text - 1 - w->n;
    w->n += (uint32_t)n < room ? (uint32_t)n : room;
}

void words_add_bytes(struct words *w, const void *bytes, uint32_t n) {
    uint32_t room = (uint32_t)sizeof w->text - 1 - w->n;
    n = n < room ? n : room;
    memcpy(w->text + w->n, bytes, n);
    w->n += n;
    w->text[w->n] = '\0';
}

uint32_t words_rune(const uint8_t *p, uint32_t n) {
    // The value tells whether so many bytes were needed, and whether it is a character at all.
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    uint32_t bytes = p[0] < 0x80 ? 1 : p[0] >> 5 == 6 ? 2 : p[0] >> 4 == 14 ? 3 : 4;
    if (bytes == 1)
        return 1;
    if (bytes > n || (bytes == 4 && p[0] >> 3 != 30))
        return 0;
    uint32_t rune = p[0] & (0x7fu >> bytes);
    for (uint32_t i = 1; i < bytes; i++) {
        if (p[i] >> 6 != 2)
            return 0;
        rune = rune << 6 | (p[i] & 0x3f);
    }
    bool good = rune >= least[bytes] && rune <= 0x10ffff && rune >> 11 != 0x1b;
    return good ? bytes : 0;
}

void words_add_quoted(struct words *w, const void *bytes, uint32_t n) {
    const uint8_t *p = bytes;
    words_add(w, "\"");
    for (uint32_t part; n > 0; p += part, n -= part) {
        const char *known = memchr("\aa\bb\tt\nn\vv\ff\rr\"\"\\\\", p[0], 18);
        part = words_rune(p, n);
        if (known != NULL && (p[0] < 0x20 || p[0] == '"' || p[0] == '\\'))
            words_add(w, "\\%c", known[1]);
        else if (part == 0 || p[0] < 0x20 || p[0] == 0x7f)
            words_add(w, "\\x%02x", p[0]);
        else
            words_add_bytes(w, p, part);
        part += part == 0;
    }
    words_add(w, "\"");
}

void words_add_duration(struct words *w, uint64_t us) {
    static const char *const forms[] = {"%.6f", "%.3f", "%.0f"};
    char digits[40];
    uint64_t minutes = us / 60000000;
    uint32_t unit = us >= 1000000 ? 0 : us >= 1000 ? 1 : 2;
    double rest = (double)(us % 60000000) / (unit == 0 ? 1e6 : unit == 1 ? 1e3 : 1);
    if (minutes >= 60)
        words_add(w, "%lluh", (unsigned long long)minutes / 60);
    if (minutes > 0)
        words_add(w, "%llum", (unsigned long long)minutes % 60);
    int n = snprintf(digits, sizeof digits, forms[unit], rest);
    if (strchr(digits, '.') != NULL) {
        while (digits[n - 1] == '0')
            n--;
        n -= digits[n - 1] == '.';
    }
    words_add_bytes(w, digits, (uint32_t)n);
    words_add(w, us == 0 || unit == 0 ? "s" : unit == 1 ? "ms" : "\xc2\xb5s");
}

void words_add_address(struct words *w, const uint8_t *ip, uint32_t bytes) {
    char text[INET6_ADDRSTRLEN] = "";
    if (bytes > 0)
        inet_ntop(bytes == 4 ? AF_INET : AF_INET6, ip, text, sizeof text);
    words_add(w, "%s", text);
}
