#include "broker/core/http.h"

#include <string.h>

#include "broker/core/chars.h"

enum { REQUEST_LINE, FIELD_START, FIELD };

// Takes apart the request line, which ends with its line feed, and notes where in it
// the target lies.
static enum http_status take_line(struct http *h, uint8_t *line) {
    static const char version[] = " HTTP/0.0";  // with any digits
    uint32_t n = h->target_bytes;
    if (line[n - 1] == '\r')
        line[n - 1] = '\n';
    uint32_t from = 0;
    while (line[from] >= 'A' && line[from] <= 'Z')
        from++;
    // No other method that begins so has four letters.
    h->is_head = from == 4 && line[0] == 'H';
    if (from == 0 || line[from++] != ' ')
        return HTTP_BAD_REQUEST;
    uint32_t end = from;
    while (line[end] > ' ' && line[end] != 0x7f)
        end++;
    if (end == from)
        return HTTP_BAD_REQUEST;
    const uint8_t *p = line + end;
    for (const char *v = version; *v != '\0'; v++, p++) {
        if (*v == '0' ? *p < '0' || *p > '9' : *p != (uint8_t)*v)
            return HTTP_BAD_REQUEST;
    }
    if (*p != '\n')
        return HTTP_BAD_REQUEST;
    if (p[-3] != '1')
        return HTTP_VERSION_UNKNOWN;
    h->phase = FIELD_START;
    h->target_at = (uint16_t)from;
    h->target_bytes = (uint16_t)(end - from);
    return HTTP_MORE;
}

static enum http_status read_byte(struct http *h, uint8_t *target, uint32_t max, uint8_t b) {
    bool line_end = b == '\n';
    if (++h->head_bytes == HTTP_HEAD_BYTES_MAX)
        return HTTP_HEAD_TOO_LARGE;
    if (h->phase == REQUEST_LINE) {
        // Empty lines may stand before it.
        if (h->target_bytes == 0 && (line_end || b == '\r'))
            return HTTP_MORE;
        target[h->target_bytes] = b;
        if (line_end)
            return take_line(h, target);
        // One byte stays free for the line feed, and for the NUL that http_parse puts at the end.
        return ++h->target_bytes < max ? HTTP_MORE : HTTP_TARGET_TOO_LONG;
    }
    if (line_end && h->phase == FIELD_START)
        return HTTP_OK;
    if (line_end)
        h->phase = FIELD_START;
    else if (b != '\r')
        h->phase = FIELD;
    return HTTP_MORE;
}

enum http_status http_read(struct http *h, uint8_t *target, uint32_t max, const uint8_t *bytes,
                           uint32_t n) {
    enum http_status status = HTTP_MORE;
    for (uint32_t i = 0; i < n && status == HTTP_MORE; i++)
        status = read_byte(h, target, max, bytes[i]);
    return status;
}

// ---- The target ---------------------------------------------------------------------------------

static int hex(uint8_t b) {
    return b >= '0' && b <= '9'   ? b - '0'
           : b >= 'a' && b <= 'f' ? b - 'a' + 10
           : b >= 'A' && b <= 'F' ? b - 'A' + 10
                                  : -1;
}

// The byte that stands for an escape's two digits, 0 where they are malformed: no text has a NUL.
static uint8_t unescape(const uint8_t *digits, uint32_t n) {
    int high = n >= 2 ? hex(digits[0]) : -1;
    int low = n >= 2 ? hex(digits[1]) : -1;
    return high < 0 || low < 0 ? 0 : (uint8_t)(high << 4 | low);
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

// A target that is being parsed in place: what is written never overtakes what is read.
struct parse {
    uint8_t *target;
    uint32_t n, read, written;
    bool malformed;
};

// Decodes up to one of two bytes, or the target's end, and puts a NUL there. Answers the byte, or
// the NUL.
static uint8_t parse_part(struct parse *p, uint8_t end, uint8_t other_end) {
    for (;;) {
        uint8_t b = p->read < p->n ? p->target[p->read++] : '\0';
        bool ends = b == '\0' || b == end || b == other_end;
        if (MIDGE_MONITOR_HUB && b == '%') {
            b = unescape(p->target + p->read, p->n - p->read);
            p->malformed = p->malformed || b == '\0';
            p->read += b != '\0' ? 2 : 0;
        } else if (MIDGE_MONITOR_HUB && end != '?') {
            p->malformed = p->malformed || b == ';';
            b = b == '+' ? ' ' : b;
        }
        p->target[p->written++] = ends ? '\0' : b;
        if (ends)
            return b;
    }
}

uint32_t http_parse(const struct http *h, uint8_t *target) {
    struct parse p = {.target = target, .n = h->target_at + h->target_bytes};
    p.read = h->target_at + skip_authority(target + h->target_at, h->target_bytes);
    uint8_t end = parse_part(&p, '?', '?');
    if (p.malformed)
        return 0;
    while (end != '\0') {
        uint32_t kept = p.written;
        p.malformed = false;
        end = parse_part(&p, '=', '&');
        bool has_value = end == '=';
        if (has_value)
            end = parse_part(&p, '&', '&');
        if (!has_value || p.malformed)
            p.written = kept;
    }
    return p.written;
}

const char *http_parameter(const char *target, uint32_t n, const char *name) {
    uint32_t at = (uint32_t)strlen(target) + 1;
    while (at < n) {
        const char *key = target + at;
        const char *value = key + strlen(key) + 1;
        if (chars_same(key, name))
            return value;
        at = (uint32_t)(value - target) + (uint32_t)strlen(value) + 1;
    }
    return "";
}
