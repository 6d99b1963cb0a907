// JSON of any bytes: every value lies within the text, and decoding a string never lengthens it.

#include <string.h>

#include "broker/core/json.h"
#include "tests/fuzz/rig.h"

static void walk(const uint8_t *text, uint32_t n) {
    struct json j = {.at = text, .end = text + n};
    struct json_piece key = {0}, value;
    if (!json_enter(&j))
        return;
    while (json_member(&j, &key, &value)) {
        struct json_piece pieces[2] = {key, value};
        for (int i = 0; i < 2; i++) {
            struct json_piece p = pieces[i];
            MUST(p.type != JSON_BAD);
            MUST(p.bytes >= text && p.bytes + p.n <= text + n);
            if (p.type != JSON_STRING)
                continue;
            uint8_t *decoded = malloc(p.n);
            MUST(json_decode(&p, decoded) <= p.n);
            free(decoded);
        }
        if (value.type == JSON_OBJECT)
            walk(value.bytes, value.n);
    }
    if (!j.bad)
        json_ended(&j);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
    struct feed feed = {bytes, n};
    uint32_t length = (uint32_t)n;
    uint8_t *text = feed_copy(&feed, &length);
    json_of(text, length);
    walk(text, length);
    free(text);
    return 0;
}
