#include "broker/core/http.h"

#include <stddef.h>
#include <string.h>

enum { METHOD, TARGET, VERSION, LINE_START, LINE };

static bool is_upper(uint8_t b) {
    return b >= 'A' && b <= 'Z';
}

// One byte of the method, or of the empty lines that may stand before it.
static enum http_status read_method(struct http *h, uint8_t b) {
    if (h->in_phase == 0 && (b == '\r' || b == '\n'))
        return HTTP_MORE;
    if (b == ' ' && h->in_phase > 0) {
        h->phase = TARGET;
        return HTTP_MORE;
    }
    if (!is_upper(b) || h->in_phase == UINT8_MAX)
        return HTTP_BAD_REQUEST;
    h->in_phase++;
    h->method = h->method << 8 | b;
    return HTTP_MORE;
}

static enum http_status read_target(struct http *h, uint8_t *target, uint32_t max, uint8_t b) {
    if (b == ' ' && h->target_bytes > 0) {
        h->phase = VERSION;
        h->in_phase = 0;
        return HTTP_MORE;
    }
    if (b <= ' ' || b == 0x7f)
        return HTTP_BAD_REQUEST;
    // One byte stays free for the NUL that http_parse puts at the end.
    if (h->target_bytes + 1u >= max)
        return HTTP_TARGET_TOO_LONG;
    target[h->target_bytes++] = b;
    return HTTP_MORE;
}

static enum http_status read_version(struct http *h, uint8_t b) {
    static const char name[] = "HTTP/1.";
    uint32_t at = h->in_phase++;
    if (at < sizeof name - 1) {
        if (b == (uint8_t)name[at])
            return HTTP_MORE;
        return at == 5 && b >= '0' && b <= '9' ? HTTP_VERSION_UNKNOWN : HTTP_BAD_REQUEST;
    }
    if (at == sizeof name - 1)
        return b >= '0' && b <= '9' ? HTTP_MORE : HTTP_BAD_REQUEST;
    if (b == '\n')
        h->phase = LINE_START;
    return b == '\n' || (b == '\r' && at == sizeof name) ? HTTP_MORE : HTTP_BAD_REQUEST;
}

static enum http_status read_byte(struct http *h, uint8_t *target, uint32_t max, uint8_t b) {
    if (++h->head_bytes == HTTP_HEAD_BYTES_MAX)
        return HTTP_HEAD_TOO_LARGE;
    switch (h->phase) {
    case METHOD:
        return read_method(h, b);
    case TARGET:
        return read_target(h, target, max, b);
    case VERSION:
        return read_version(h, b);
    case LINE_START:
        if (b == '\n')
            return HTTP_OK;
        if (b != '\r')
            h->phase = LINE;
        return HTTP_MORE;
    default:
        if (b == '\n')
            h->phase = LINE_START;
        return HTTP_MORE;
    }
}

enum http_status http_read(struct http *h, uint8_t *target, uint32_t max, const uint8_t *bytes,
                           uint32_t n) {
    enum http_status status = HTTP_MORE;
    for (uint32_t i = 0; i < n && status == HTTP_MORE; i++)
        status = read_byte(h, target, max, bytes[i]);
    return status;
}

bool http_is_head(const struct http *h) {
    return h->method == ('H' << 24 | 'E' << 16 | 'A' << 8 | 'D');
}

// ---- The target ---------------------------------------------------------------------------------

static int hex(uint8_t b) {
    return b >= '0' && b <= '9'   ? b - '0'
           : b >= 'a' && b <= 'f' ? b - 'a' + 10
           : b >= 'A' && b <= 'F' ? b - 'A' + 10
                                  : -1;
}

// Decodes n bytes of `from` to `to`, which may be the same place, and ends them with a NUL. Answers
// the length with the NUL, or 0 where an escape is malformed or stands for a NUL.
static uint32_t decode(uint8_t *to, const uint8_t *from, uint32_t n, bool plus_is_blank) {
    uint32_t len = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint8_t b = from[i];
        if (b == '%') {
            int high = i + 2 < n ? hex(from[i + 1]) : -1;
            int low = i + 2 < n ? hex(from[i + 2]) : -1;
            if (high < 0 || low < 0 || (high | low) == 0)
                return 0;
            b = (uint8_t)(high << 4 | low);
            i += 2;
        } else if (b == '+' && plus_is_blank) {
            b = ' ';
        }
        to[len++] = b;
    }
    to[len++] = '\0';
    return len;
}

// The path of a target that names the server too, as a request to a proxy does.
static uint32_t skip_authority(const uint8_t *target, uint32_t n) {
    static const char scheme[] = "http://";
    uint32_t at = sizeof scheme - 1;
    if (n < at || memcmp(target, scheme, at) != 0)
        return 0;
    while (at < n && target[at] != '/')
        at++;
    return at;
}

uint32_t http_parse(const struct http *h, uint8_t *target) {
    uint32_t n = h->target_bytes;
    uint32_t from = skip_authority(target, n);
    const uint8_t *mark = memchr(target + from, '?', n - from);
    uint32_t path_end = mark != NULL ? (uint32_t)(mark - target) : n;
    uint32_t len = decode(target, target + from, path_end - from, false);
    if (len == 0)
        return 0;
    // What is written never overtakes what is read: a pair is as long as its name and value with a
    // NUL behind each, and decoding only shortens.
    for (uint32_t at = path_end + 1; at < n;) {
        const uint8_t *pair = target + at;
        const uint8_t *amp = memchr(pair, '&', n - at);
        uint32_t pair_bytes = amp != NULL ? (uint32_t)(amp - pair) : n - at;
        const uint8_t *equals = memchr(pair, '=', pair_bytes);
        at += pair_bytes + 1;
        if (equals == NULL || memchr(pair, ';', pair_bytes) != NULL)
            continue;
        uint32_t name_bytes = (uint32_t)(equals - pair);
        uint32_t name = decode(target + len, pair, name_bytes, true);
        uint32_t value =
            name == 0 ? 0
                      : decode(target + len + name, equals + 1, pair_bytes - name_bytes - 1, true);
        if (value != 0)
            len += name + value;
    }
    return len;
}

const char *http_parameter(const char *target, uint32_t n, const char *name) {
    uint32_t at = (uint32_t)strlen(target) + 1;
    while (at < n) {
        const char *key = target + at;
        const char *value = key + strlen(key) + 1;
        if (strcmp(key, name) == 0)
            return value;
        at = (uint32_t)(value - target) + (uint32_t)strlen(value) + 1;
    }
    return "";
}
