// One client's bytes, whole and cut to pieces: the answers are the same, byte by byte. The first
// bytes of the input, up to a zero, are the lengths of the pieces, taken in turn.

#include <string.h>

#include "tests/fuzz/rig.h"

#define INPUT_MAX 4096
#define OUTPUT_MAX (1 << 18)

struct answer {
    uint8_t bytes[OUTPUT_MAX];
    uint32_t n;
    bool closed;
};

static struct midge broker;
static struct midge_config config;
static struct answer whole, cut;

// Takes what the broker has to say, and lets it go on.
static void take(struct midge_span *v, struct answer *to) {
    MUST(v->n <= OUTPUT_MAX - to->n);
    memcpy(to->bytes + to->n, v->bytes, v->n);
    to->n += v->n;
}

static void hand_in(midge_conn c, const uint8_t *bytes, uint32_t n) {
    uint8_t *copy = feed_copy(&(struct feed){bytes, n}, &n);
    int32_t used = midge_rx(&broker, c, copy, n);
    MUST(used < 0 || used == (int32_t)n);  // there is room for everything
    free(copy);
}

static void run(struct feed input, struct feed lengths, struct answer *to) {
    rig_start(&broker, &config);
    to->n = 0;
    midge_conn c = midge_open(&broker, MIDGE_CLIENT, NULL);
    struct feed turns = lengths;
    while (input.left > 0) {
        if (turns.left == 0)
            turns = lengths;
        uint32_t n = turns.left > 0 ? feed_byte(&turns) : INPUT_MAX;
        n = n < input.left ? n : (uint32_t)input.left;
        hand_in(c, input.at, n);
        input.at += n;
        input.left -= n;
    }
    struct midge_span v;
    while (midge_tx(&broker, c, 0, &v, 1) > 0) {
        take(&v, to);
        midge_sent(&broker, c, v.n);
    }
    to->closed = midge_rx(&broker, c, input.at, 0) < 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
    if (n > INPUT_MAX)
        return 0;
    if (config.text_bytes == 0) {
        rig_configure(&config, "max_control_line: 256, max_payload: 1024, max_subs: 4");
        config.max_pending = 1 << 20;
    }
    size_t pieces = 0;
    while (pieces < n && bytes[pieces] != 0)
        pieces++;
    struct feed lengths = {bytes, pieces};
    struct feed input = {bytes + pieces, n - pieces};
    feed_byte(&input);
    run(input, (struct feed){0}, &whole);
    bool ample = broker.pools[POOL_blocks].high < broker.pools[POOL_blocks].limit / 2;
    run(input, lengths, &cut);
    if (ample && broker.slow_consumers == 0) {
        MUST(whole.n == cut.n && memcmp(whole.bytes, cut.bytes, cut.n) == 0);
        MUST(whole.closed == cut.closed);
    }
    return 0;
}
