#include "broker/core/secure.h"

#include "broker/core/chars.h"
#include "broker/core/client.h"
#include "broker/core/info.h"
#include "broker/core/log.h"
#include "broker/core/midge.h"
#include "broker/core/parser.h"
#include "broker/core/text.h"

#if MIDGE_TLS

#define HANDSHAKE_RECORD 0x16  // how a peer's first record begins

static void wait_for(struct midge *m, struct conn *c, uint32_t ms) {
    c->secure_ms = m->now.ms + ms;
    conn_timer(m, c, c->secure_ms);
}

void secure_greet(struct midge *m, struct conn *c) {
    const struct midge_tls_options *tls = &m->config->tls;
    c->tls |= SECURE_FRESH;
    if (tls->handshake_first)
        c->tls |= SECURE_UNTOLD;
    else
        info_send(m, c, false);
    bool falls_back = tls->handshake_first && tls->fallback_ms > 0;
    wait_for(m, c, falls_back ? tls->fallback_ms : tls->timeout_ms);
}

void secure_expect(struct midge *m, struct conn *c) {
    c->tls |= SECURE_FRESH;
    wait_for(m, c, m->config->tls.timeout_ms);
}

// The client is heard from now on.
static void begin(struct midge *m, struct conn *c) {
    c->tls &= (uint8_t) ~(SECURE_FRESH | SECURE_BEGUN | SECURE_QUEUED);
    if (c->kind != MIDGE_CLIENT) {
        c->progress_ms = m->now.ms;
        conn_timer(m, c, m->now.ms + 1);  // from then on its own
        return;
    }
    if (c->tls & SECURE_UNTOLD) {
        c->tls &= (uint8_t)~SECURE_UNTOLD;
        info_send(m, c, false);
    }
    client_begin(m, c);
}

// Whether this second has room for one handshake more.
static bool is_throttled(struct midge *m) {
    uint32_t limit = m->config->tls.rate_limit;
    if (limit == 0)
        return false;
    if (m->now.ms - m->handshakes_ms >= 1000) {
        m->handshakes_ms = m->now.ms;
        m->handshakes = 0;
    }
    return m->handshakes++ >= limit;
}

// Monitoring was asked in clear.
static uint32_t turn_away(struct midge *m, struct conn *c, uint32_t n) {
    log_conn_say(m, c, MIDGE_ERR,
                 "TLS handshake error: client sent an HTTP request to an HTTPS "
                 "server");
    conn_send_text(m, c,
                   "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS "
                   "server.\n");
    conn_close(m, c, MIDGE_TLS_HANDSHAKE, true);
    return n;
}

uint32_t secure_rx(struct midge *m, struct conn *c, const uint8_t *bytes, uint32_t n) {
    if (!(c->tls & (SECURE_FRESH | SECURE_BEGUN)))
        return parser_rx(m, c, bytes, n);
    if ((c->tls & SECURE_BEGUN) || n == 0)
        return 0;
    if (c->kind != MIDGE_CLIENT && bytes[0] != HANDSHAKE_RECORD)
        return turn_away(m, c, n);
    bool either = c->kind == MIDGE_CLIENT && m->config->allow_non_tls && !(c->tls & SECURE_UNTOLD);
    if (either && bytes[0] != HANDSHAKE_RECORD) {
        begin(m, c);
        return parser_rx(m, c, bytes, n);
    }
    c->tls &= (uint8_t)~SECURE_FRESH;
    if (c->kind == MIDGE_CLIENT && is_throttled(m)) {
        client_end(m, c, MIDGE_MAX_CONNECTIONS,
                   "Connection throttling is active. Please try again later.");
        return 0;
    }
    c->tls |= SECURE_BEGUN;
    wait_for(m, c, m->config->tls.timeout_ms);
    conn_wish(m, c, MIDGE_WISH_SECURE);
    if (debugging(m))
        log_conn_say(m, c, MIDGE_DBG, "Starting TLS client connection handshake");
    return 0;
}

bool secure_tick(struct midge *m, struct conn *c) {
    const struct midge_tls_options *tls = &m->config->tls;
    if (!(c->tls & (SECURE_FRESH | SECURE_BEGUN)))
        return false;
    if ((c->tls & SECURE_QUEUED) || !conn_due(m, c, c->secure_ms))
        return true;
    if ((c->tls & SECURE_UNTOLD) && (c->tls & SECURE_FRESH) && tls->fallback_ms > 0) {
        c->tls &= (uint8_t)~SECURE_UNTOLD;
        info_send(m, c, false);
        wait_for(m, c, tls->timeout_ms);
    } else if (c->kind == MIDGE_CLIENT && (c->tls & SECURE_FRESH) && m->config->allow_non_tls) {
        begin(m, c);
    } else {
        if (debugging(m))
            log_conn_say(m, c, MIDGE_DBG, "TLS handshake timeout");
        conn_close(m, c, MIDGE_TLS_HANDSHAKE, true);
    }
    return true;
}

void midge_secure_waits(struct midge *m, midge_conn handle, bool waits) {
    struct conn *c = conn_of(m, handle);
    if (c == NULL || !(c->tls & SECURE_BEGUN) || waits == ((c->tls & SECURE_QUEUED) != 0))
        return;
    c->tls ^= SECURE_QUEUED;
    // Meanwhile it holds the time that is left.
    if (waits)
        c->secure_ms -= m->now.ms;
    else
        wait_for(m, c, c->secure_ms);
}

// ---- The outcome --------------------------------------------------------------------------------

void secure_hex(const uint8_t *bytes, uint32_t n, char *text) {
    for (uint32_t i = 0; i < n; i++) {
        text[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
        text[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
    }
    text[2 * n] = '\0';
}

static bool is_pinned(struct midge *m, struct conn *c, const struct midge_tls *tls) {
    const struct midge_config *config = m->config;
    char key[2 * sizeof tls->key_sha256 + 1];
    if (!MIDGE_TLS_VERIFY || config->tls.pins_count == 0)
        return true;
    secure_hex(tls->key_sha256, sizeof tls->key_sha256, key);
    for (uint32_t i = 0; tls->certificate && i < config->tls.pins_count; i++) {
        if (chars_same(midge_config_text(config, config->tls.pins[i]), key))
            return true;
    }
    if (debugging(m) && tls->certificate)
        log_conn_say(m, c, MIDGE_DBG, "Failed pinned cert test for key id: %s", key);
    else if (debugging(m))
        log_conn_say(m, c, MIDGE_DBG,
                     "Failed pinned cert test as client did not provide a certificate");
    return false;
}

static void refuse(struct midge *m, struct conn *c, const char *why, bool stray) {
    if (!stray || debugging(m))
        log_conn_say(m, c, stray ? MIDGE_DBG : MIDGE_ERR, "TLS handshake error: %s", why);
    conn_close(m, c, MIDGE_TLS_HANDSHAKE, true);
}

// What a client has shown lies in a text, which it shares with whoever shows the same: for each
// certificate the two hashes, the subject's length in two bytes, and the subject.
#define SHOWN_BYTES 1024
#define SHOWN_HEAD (2 * 32 + 2)

static void keep_shown(struct midge *m, struct conn *c, const struct midge_tls *tls) {
#if MIDGE_HTTPS
    uint8_t text[SHOWN_BYTES];
    uint32_t n = 0;
    for (uint32_t i = 0; i < tls->shown_count; i++) {
        const struct midge_tls_shown *shown = &tls->shown[i];
        uint32_t bytes = shown->subject_bytes;
        if (bytes > sizeof((struct secure_shown *)0)->subject ||
            n + SHOWN_HEAD + bytes > sizeof text)
            break;
        memcpy(text + n, shown->key_sha256, 32);
        memcpy(text + n + 32, shown->sha256, 32);
        text[n + 64] = (uint8_t)(bytes >> 8);
        text[n + 65] = (uint8_t)bytes;
        memcpy(text + n + SHOWN_HEAD, shown->subject, bytes);
        n += SHOWN_HEAD + bytes;
    }
    if (n > 0)
        c->shown = text_hold(m, text, n);
#else
    (void)m, (void)c, (void)tls;
#endif
}

bool secure_shown(const struct midge *m, const struct conn *c, uint32_t index,
                  struct secure_shown *shown) {
#if MIDGE_HTTPS
    uint8_t text[SHOWN_BYTES];
    uint32_t n = text_copy(m, c->shown, text, sizeof text);
    uint32_t at = 0;
    while (at < n) {
        uint32_t bytes = (uint32_t)text[at + 64] << 8 | text[at + 65];
        if (index-- == 0) {
            memcpy(shown->key_sha256, text + at, 32);
            memcpy(shown->sha256, text + at + 32, 32);
            memcpy(shown->subject, text + at + SHOWN_HEAD, bytes);
            shown->subject_bytes = bytes;
            return true;
        }
        at += SHOWN_HEAD + bytes;
    }
#else
    (void)m, (void)c, (void)index, (void)shown;
#endif
    return false;
}

static void keep(struct midge *m, struct conn *c, const struct midge_tls *tls) {
    c->tls_version = (uint8_t)(tls->version & 0xff);
    c->tls_cipher = tls->cipher;
    c->tls_first = (c->tls & SECURE_UNTOLD) != 0;
    c->certified = m->rooms->identify(m, tls);
    keep_shown(m, c, tls);
}

void midge_secured(struct midge *m, midge_conn handle, const struct midge_tls *tls) {
    struct conn *c = conn_of(m, handle);
    if (c == NULL || (c->flags & CONN_CLOSING))
        return;
    // What was found good may turn out not to be.
    uint8_t stages = tls->failure != NULL ? SECURE_BEGUN | SECURE_DONE : SECURE_BEGUN;
    if (!(c->tls & stages))
        return;
    if (tls->failure != NULL) {
        refuse(m, c, tls->failure, tls->stray);
        return;
    }
    c->tls |= SECURE_DONE;
    if (c->kind != MIDGE_CLIENT) {
        begin(m, c);
        return;
    }
    if (!is_pinned(m, c, tls)) {
        refuse(m, c, "certificate not pinned", false);
        return;
    }
    keep(m, c, tls);
    begin(m, c);
    if (debugging(m)) {
        log_conn_say(m, c, MIDGE_DBG, "TLS handshake complete");
        log_conn_say(m, c, MIDGE_DBG, "TLS version %s, cipher suite %s",
                     tls->version == MIDGE_TLS_1_3 ? "1.3" : "1.2", secure_cipher(tls->cipher));
    }
}

// ---- What is told of it -------------------------------------------------------------------------

#define REQUIRED ",\"tls_required\":true"
#define VERIFY ",\"tls_verify\":true"
#define AVAILABLE ",\"tls_available\":true"

const char *secure_info(const struct midge *m, const struct conn *c) {
    static const char *const members[2][2][2] = {
        {{"", AVAILABLE}, {VERIFY, VERIFY AVAILABLE}},
        {{REQUIRED, REQUIRED AVAILABLE}, {REQUIRED VERIFY, REQUIRED VERIFY AVAILABLE}},
    };
    const struct midge_config *config = m->config;
    bool available = config->allow_non_tls;
    bool first = (c->tls & SECURE_UNTOLD) || c->tls_first;
    return config->tls.enabled ? members[!available || first][config->tls.verify][available] : "";
}

const char *secure_cipher(uint16_t cipher) {
    static const struct {
        uint16_t number;
        const char *name;
    } names[] = {
        {0x1301, "TLS_AES_128_GCM_SHA256"},
        {0x1302, "TLS_AES_256_GCM_SHA384"},
        {0x1303, "TLS_CHACHA20_POLY1305_SHA256"},
        {0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"},
        {0xc02c, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"},
        {0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"},
        {0xc030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"},
        {0xcca8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"},
        {0xcca9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"},
    };
    for (uint32_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i].number == cipher)
            return names[i].name;
    }
    return "";
}

#endif
