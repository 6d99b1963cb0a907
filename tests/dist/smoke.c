// Somebody's program that has midge.h alone: one client subscribes, another publishes, and the
// application hears it too.

#include "midge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct midge midge;
static struct midge_config config;
static uint32_t heard;

_Noreturn void midge_panic(const char *file, int line) {
    fprintf(stderr, "%s:%d: assertion failed\n", file, line);
    abort();
}

static bool entropy(void *to, uint32_t n) {
    memset(to, 0x5a, n);
    return true;
}

static struct midge_now now(void) {
    static uint64_t us;
    us += 1000;
    return (struct midge_now){us, 0, (uint32_t)(us / 1000)};
}

static void hear(void *context, const struct midge_message *message) {
    (void)context;
    heard += message->payload_bytes;
}

static bool say(midge_conn c, const char *text) {
    uint32_t n = (uint32_t)strlen(text);
    return midge_rx(&midge, c, (const uint8_t *)text, n) == (int32_t)n;
}

// All that a connection is sent, as text.
static const char *sent(midge_conn c) {
    static char text[2048];
    uint32_t n = 0;
    struct midge_span span;
    while (midge_tx(&midge, c, 0, &span, 1) > 0 && n + span.n < sizeof text) {
        memcpy(text + n, span.bytes, span.n);
        n += span.n;
        midge_sent(&midge, c, span.n);
    }
    text[n] = '\0';
    return text;
}

static bool check(const char *what, bool holds) {
    if (!holds)
        fprintf(stderr, "smoke: %s\n", what);
    return holds;
}

int main(void) {
    const struct midge_peer peer = {.ip = {127, 0, 0, 1}, .port = 1, .ip_bytes = 4};
    midge_config_defaults(&config);
    config.entropy = entropy;
    bool all = check("begins", midge_init(&midge, &config, now()));
    midge_turn(&midge, now());
    all &= check("has a handler", midge_subscribe(&midge, "a.>", NULL, hear, NULL) > 0);
    midge_conn one = midge_open(&midge, MIDGE_CLIENT, &peer);
    midge_conn two = midge_open(&midge, MIDGE_CLIENT, &peer);
    all &= check("greets", strncmp(sent(one), "INFO {", 6) == 0);
    sent(two);
    all &= check("takes a SUB", say(one, "CONNECT {\"verbose\":false}\r\nSUB a.* 1\r\nPING\r\n"));
    all &= check("answers a PING", strcmp(sent(one), "PONG\r\n") == 0);
    all &= check("takes a PUB", say(two, "CONNECT {}\r\nPUB a.b 5\r\nhello\r\n"));
    all &= check("delivers", strcmp(sent(one), "MSG a.b 1 5\r\nhello\r\n") == 0);
    midge_turn(&midge, now());
    all &= check("is heard by the application", heard == 5);
    midge_closed(&midge, one, MIDGE_PEER_CLOSED);
    midge_closed(&midge, two, MIDGE_PEER_CLOSED);
    midge_turn(&midge, now());
    all &= check("lets go", midge_clients(&midge) == 0);
    return all ? EXIT_SUCCESS : EXIT_FAILURE;
}
