// What any peer may send to a server that speaks TLS, cut to pieces, and any bytes as a certificate:
// never beyond what is there, and nobody comes in without a handshake. The server's random bytes are
// the same every time, so that what a client once answered is an answer again.
//
// The first byte chooses: whether a certificate is read, or a server's peer; whether clients must
// have certificates; whether there are two to choose from; and the least version.

#define MBEDTLS_ALLOW_PRIVATE_ACCESS

#include <string.h>

#include <mbedtls/x509_crt.h>

#include "port/handshakes.h"
#include "port/tls.h"
#include "port/tls/arena.h"
#include "port/tls/names.h"
#include "tests/fuzz/certificates.h"
#include "tests/fuzz/rig.h"

enum {
    CERTIFICATE = 1,
    VERIFY = 2,
    SEVERAL = 4,
    NEWEST = 8,
};

#define NOW_S 1800000000  // in 2027, when the certificates are valid

static struct midge broker;
static struct midge_config config;
static uint32_t random_state;
static uint8_t sent[1 << 16];

bool port_entropy(void *to, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) {
        random_state = random_state * 1103515245 + 12345;
        ((uint8_t *)to)[i] = (uint8_t)(random_state >> 16);
    }
    return true;
}

struct midge_now port_now(void) {
    return (struct midge_now){broker.now.us, (uint64_t)NOW_S * 1000000, broker.now.ms};
}

static struct port_text text_of(const char *text) {
    return (struct port_text){text, (uint32_t)strlen(text)};
}

static void certify(uint8_t choice) {
    struct midge_tls_options options = config.tls;
    options.verify = (choice & VERIFY) != 0;
    options.min_version = choice & NEWEST ? MIDGE_TLS_1_3 : 0;
    const struct port_pair more = {text_of(rsa_certificate), text_of(rsa_key)};
    const struct port_certificates files = {text_of(ecdsa_certificate), text_of(ecdsa_key),
                                            text_of(ecdsa_certificate), &more,
                                            choice & SEVERAL ? 1 : 0,   true};
    MUST(port_certify(PORT_LISTENERS, &options, &files) == NULL);
    port_certified();
}

// ---- A peer -------------------------------------------------------------------------------------

// Takes as much as it is told, from what is left of the turn.
static int32_t take(void *context, const uint8_t *bytes, uint32_t n, bool more) {
    uint8_t *limit = context;
    (void)more;
    uint32_t taken = *limit % 7 == 6 ? n / 2 : n;
    (*limit)++;
    memcpy(sent, bytes, taken < sizeof sent ? taken : sizeof sent);
    return (int32_t)taken;
}

// Passes a piece on as a port does. False where the connection ends.
static bool pass_on(midge_conn c, tls_slot slot, const uint8_t *bytes, uint32_t n) {
    uint32_t used = 0;
    if (!tls_secured(slot)) {
        used = tls_handshake(&broker, slot, bytes, n, UINT32_MAX);
        MUST(used <= n);
        if (!tls_secured(slot))
            return !(broker.connections[midge_slot(c)].flags & CONN_CLOSING);
    }
    int32_t more = tls_rx(&broker, slot, bytes + used, n - used);
    MUST(more <= (int32_t)(n - used));
    return more == (int32_t)(n - used) && tls_tx(&broker, slot) >= 0;
}

static void meet(struct feed input, struct feed lengths) {
    static const uint8_t hello = 0x16;
    uint8_t turn = 0;
    enum midge_wish wish;
    rig_start(&broker, &config);
    midge_conn c = midge_open(&broker, MIDGE_CLIENT, NULL);
    MUST(midge_rx(&broker, c, &hello, 1) == 0);
    while (midge_next(&broker, &wish) != MIDGE_NONE) {
    }
    tls_slot slot = tls_open(c, take, &turn);
    MUST(slot != 0);
    struct feed turns = lengths;
    bool open = true;
    while (open && input.left > 0) {
        if (turns.left == 0)
            turns = lengths;
        uint32_t n = turns.left > 0 ? feed_byte(&turns) * 16u : (uint32_t)input.left;
        uint8_t *piece = feed_copy(&input, &n);
        open = pass_on(c, slot, piece, n);
        free(piece);
    }
    tls_end(slot);
    tls_close(slot);
    midge_closed(&broker, c, MIDGE_PEER_CLOSED);
}

// ---- A certificate ------------------------------------------------------------------------------

static union {
    struct arena arena;
    uint64_t bytes[32768 / 8];
} memory;

static void read_certificate(const uint8_t *bytes, size_t n) {
    struct midge_tls told = {0};
    mbedtls_x509_crt certificate;
    arena_init(&memory.arena, sizeof memory);
    uint16_t before = memory.arena.used;
    arena_use(&memory.arena, &memory.arena);
    mbedtls_x509_crt_init(&certificate);
    if (mbedtls_x509_crt_parse_der(&certificate, bytes, n) == 0) {
        names_of(&certificate, &told);
        names_of_chain(&certificate, &told);
        for (uint32_t i = 0; i < told.names_count; i++)
            names_have(&certificate, told.names[i].bytes, told.names[i].n);
        for (uint32_t i = 0; i < told.shown_count; i++)
            MUST(told.shown[i].subject_bytes <= 4096);
    }
    mbedtls_x509_crt_free(&certificate);
    MUST(memory.arena.used == before);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
    static uint8_t certified = 0xff;
    struct feed feed = {bytes, n};
    uint8_t choice = feed_byte(&feed);
    if (config.text_bytes == 0) {
        rig_configure(&config, "server_name: fuzz");
        config.tls.enabled = true;
    }
    random_state = choice;
    if (certified == 0xff || choice % 16 != certified)
        certify(choice);
    certified = choice % 16;
    if (choice & CERTIFICATE) {
        uint32_t length = (uint32_t)feed.left;
        uint8_t *copy = feed_copy(&feed, &length);
        read_certificate(copy, length);
        free(copy);
        return 0;
    }
    size_t pieces = 0;
    while (pieces < feed.left && feed.at[pieces] != 0)
        pieces++;
    struct feed lengths = {feed.at, pieces};
    struct feed input = {feed.at + pieces, feed.left - pieces};
    feed_byte(&input);
    random_state = choice;
    meet(input, lengths);
    return 0;
}
