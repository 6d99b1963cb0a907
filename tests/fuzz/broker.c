// A whole broker, driven by opcodes: clients and scrapers come, talk, stall, go and come again;
// time passes; the application takes part; the configuration changes. What a client reads is well
// formed all the while, and when all are gone every pool is as it was at the start.

#include <stdio.h>
#include <string.h>

#include "tests/fuzz/rig.h"

#define PEERS 10  // more than may connect
#define KEPT_MAX 4096

// The other end of a connection, and what a port keeps for it.
struct peer {
    midge_conn conn;
    enum midge_kind kind;
    uint8_t kept[KEPT_MAX];  // not consumed yet
    uint32_t kept_bytes;
    uint32_t window;                        // bytes that it still takes
    bool closing;                           // once all is sent
    char line[2 * MIDGE_CONTROL_LINE_MAX];  // being read
    uint32_t line_bytes;
    uint32_t payload;  // bytes until the next line, its line end included
};

static struct midge broker;
static struct midge_config configs[3];
static struct peer peers[PEERS];
static midge_conn stale;  // one that is gone
static int32_t handlers[MIDGE_HANDLERS_MAX];
static bool talkative;  // handlers answer

static const char *const texts[] = {
    "max_payload: 2048, max_control_line: 512, ping_interval: 5, ping_max: 2, write_deadline: "
    "\"3s\"",
    "max_payload: 600, max_pending: 2048, max_connections: 3, max_subs: 3, "
    "max_subscription_tokens: 2, "
    "debug: true, trace: true",
    "authorization: {users: [{user: a, password: a, permissions: {publish: {deny: \"b.>\"}, "
    "subscribe: {allow: [\"a.*\", \"> q\"], deny: \"a.x\"}}}, {user: b, password: b}], timeout: 1}",
};

static const char *const subjects[] = {
    "a",     "a.x", "a.*",      "a.>",  ">",           "b.c.d",
    "b.*.d", "*",   "_INBOX.r", "a..b", "c.d.e.f.g.h", "a.yyyyyyyyyyyyyyyyyyyyyyy"};
static const char *const connects[] = {
    "{}",
    "{\"verbose\":true}",
    "{\"headers\":true,\"no_responders\":true,\"protocol\":1}",
    "{\"echo\":false,\"pedantic\":true,\"name\":\"someone with a rather long name\"}",
    "{\"user\":\"a\",\"pass\":\"a\",\"headers\":true}",
    "{\"user\":\"b\",\"pass\":\"b\",\"lang\":\"c\",\"version\":\"1\"}",
    "{\"user\":\"b\",\"pass\":\"wrong\"}",
};

#define PICK(list, f) (list)[feed_byte(f) % (sizeof(list) / sizeof(list)[0])]

// ---- What a client reads ------------------------------------------------------------------------

static bool begins(const struct peer *p, const char *text) {
    return p->line_bytes >= strlen(text) && memcmp(p->line, text, strlen(text)) == 0;
}

static void read_line(struct peer *p) {
    MUST(p->line_bytes >= 2 && p->line[p->line_bytes - 2] == '\r');
    if (begins(p, "MSG ") || begins(p, "HMSG ")) {
        p->line[p->line_bytes - 2] = '\0';
        p->payload = (uint32_t)atoi(strrchr(p->line, ' ')) + 2;
    } else {
        MUST(begins(p, "INFO {") || begins(p, "PING\r") || begins(p, "PONG\r") ||
             begins(p, "+OK\r") || begins(p, "-ERR '"));
    }
    p->line_bytes = 0;
}

static void read_client(struct peer *p, const uint8_t *bytes, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) {
        if (p->payload > 0) {
            p->payload--;
            if (p->payload < 2)
                MUST(bytes[i] == (p->payload == 1 ? '\r' : '\n'));
            continue;
        }
        MUST(p->line_bytes < sizeof p->line);
        p->line[p->line_bytes++] = (char)bytes[i];
        if (bytes[i] == '\n')
            read_line(p);
    }
}

// ---- A port -------------------------------------------------------------------------------------

static void gone(struct peer *p, enum midge_reason why) {
    midge_closed(&broker, p->conn, why);
    stale = p->conn;
    p->conn = MIDGE_NONE;
}

static void send_to(struct peer *p) {
    struct midge_span v[3];
    while (p->conn != MIDGE_NONE && p->window > 0) {
        uint32_t count = midge_tx(&broker, p->conn, 0, v, 3);
        if (count == 0)
            break;
        uint32_t n = 0;
        for (uint32_t i = 0; i < count; i++) {
            uint32_t part = v[i].n < p->window - n ? v[i].n : p->window - n;
            if (p->kind == MIDGE_CLIENT)
                read_client(p, v[i].bytes, part);
            n += part;
        }
        p->window -= n;
        midge_sent(&broker, p->conn, n);
    }
    if (p->window == 0)
        midge_sent(&broker, p->conn, 0);
    if (p->closing && midge_tx(&broker, p->conn, 0, v, 1) == 0)
        gone(p, MIDGE_PEER_CLOSED);
}

static void hand_in(struct peer *p) {
    uint32_t n = p->kept_bytes;
    uint8_t *copy = feed_copy(&(struct feed){p->kept, n}, &n);
    int32_t used = midge_rx(&broker, p->conn, copy, n);
    free(copy);
    MUST(used <= (int32_t)n);
    if (used < 0)
        used = (int32_t)n;
    p->kept_bytes -= (uint32_t)used;
    memmove(p->kept, p->kept + used, p->kept_bytes);
}

static void receive(struct peer *p, const void *bytes, uint32_t n) {
    // A port that was told to stop reads no more.
    if (p->conn == MIDGE_NONE || p->kept_bytes > 0)
        return;
    memcpy(p->kept, bytes, n);
    p->kept_bytes = n;
    hand_in(p);
}

static void settle(void) {
    enum midge_wish wish;
    for (midge_conn c; (c = midge_next(&broker, &wish)) != MIDGE_NONE;) {
        struct peer *p = peers;
        while (p < peers + PEERS && p->conn != c)
            p++;
        MUST(p < peers + PEERS);
        p->closing = p->closing || wish == MIDGE_WISH_CLOSE_AFTER_SEND;
        if (wish == MIDGE_WISH_ABORT)
            gone(p, MIDGE_PEER_CLOSED);
        else if (wish == MIDGE_WISH_RESUME)
            hand_in(p);
        else
            send_to(p);
    }
    enum midge_level level;
    char line[80];
    while (midge_log(&broker, &level, line, sizeof line) > 0)
        ;
}

static void advance(uint64_t us) {
    struct midge_now now = broker.now;
    now.us += us;
    now.wall_us += us;
    now.ms = (uint32_t)(now.us / 1000);
    midge_turn(&broker, now);
    settle();
}

// ---- The application ----------------------------------------------------------------------------

static void on_message(void *context, const struct midge_message *message) {
    (void)context;
    uint32_t n, whole = 0;
    while (midge_payload(message, whole, &n) != NULL)
        whole += n;
    MUST(whole == message->payload_bytes);
    MUST(message->subject_bytes > 0);
    if (talkative && message->reply_bytes > 0)
        midge_publish(&broker, "a.x", NULL, "answer", 6);
}

static void application(struct feed *f) {
    static const uint8_t payload[2048];
    uint32_t i = feed_byte(f) % MIDGE_HANDLERS_MAX;
    switch (feed_byte(f) % 3) {
    case 0:
        midge_unsubscribe(&broker, handlers[i]);
        handlers[i] =
            midge_subscribe(&broker, PICK(subjects, f), i & 1 ? "q" : NULL, on_message, NULL);
        break;
    case 1:
        midge_unsubscribe(&broker, handlers[i]);
        handlers[i] = 0;
        break;
    default:
        midge_publish(&broker, PICK(subjects, f), i & 1 ? "_INBOX.r" : NULL, payload,
                      feed_byte(f) * 8u);
    }
}

// ---- Opcodes ------------------------------------------------------------------------------------

static void say(struct peer *p, struct feed *f) {
    char text[KEPT_MAX];
    uint32_t n = 0, payload = 0;
    switch (feed_byte(f) % 8) {
    case 0:
        n = (uint32_t)snprintf(text, sizeof text, "CONNECT %s\r\n", PICK(connects, f));
        break;
    case 1:
        n = (uint32_t)snprintf(text, sizeof text, "SUB %s %d\r\n", PICK(subjects, f),
                               feed_byte(f) % 8);
        break;
    case 2:
        n = (uint32_t)snprintf(text, sizeof text, "SUB %s q%d a-rather-long-sid-%d\r\n",
                               PICK(subjects, f), feed_byte(f) % 6, feed_byte(f) % 8);
        break;
    case 3:
        n = (uint32_t)snprintf(text, sizeof text, "UNSUB %d %d\r\n", feed_byte(f) % 8,
                               feed_byte(f) % 4);
        break;
    case 4:
        n = (uint32_t)snprintf(text, sizeof text, "PING\r\nPONG\r\n");
        break;
    case 5:
        payload = feed_byte(f) * 10u + 12;
        n = (uint32_t)snprintf(text, sizeof text, "HPUB %s _INBOX.r 12 %u\r\nNATS/1.0\r\n\r\n",
                               PICK(subjects, f), payload);
        payload -= 12;
        break;
    default:
        payload = feed_byte(f) * 10u;
        n = (uint32_t)snprintf(text, sizeof text, "PUB %s %u\r\n", PICK(subjects, f), payload);
    }
    if (payload > 0 || text[0] == 'P' || text[0] == 'H') {
        if (text[1] != 'I') {
            memset(text + n, 'x', payload);
            memcpy(text + n + payload, "\r\n", 2);
            n += payload + 2;
        }
    }
    uint32_t cut = feed_byte(f);
    cut = cut < n ? cut : n;
    receive(p, text, cut);
    receive(p, text + cut, n - cut);
}

static void come(struct peer *p, struct feed *f) {
    if (p->conn != MIDGE_NONE)
        return;
    enum midge_kind kind = feed_byte(f) % 8 == 0 ? MIDGE_MONITOR : MIDGE_CLIENT;
    struct midge_peer address = {.ip = {127, 0, 0, 1}, .port = 1, .ip_bytes = 4};
    *p = (struct peer){
        .conn = midge_open(&broker, kind, &address), .kind = kind, .window = UINT32_MAX};
}

static void obey(struct feed *f) {
    uint8_t op = feed_byte(f);
    struct peer *p = &peers[op / 16 % PEERS];
    uint32_t n;
    uint8_t *raw;
    switch (op % 16) {
    case 0:
        come(p, f);
        break;
    case 1:
        n = feed_byte(f);
        raw = feed_copy(f, &n);
        receive(p, raw, n);
        free(raw);
        break;
    case 2:
        receive(p, "GET /connz?subs=1&state=all HTTP/1.1\r\n\r\n", 40);
        break;
    case 3:
        p->window = feed_byte(f) * 4u;
        send_to(p);
        break;
    case 4:
        p->window = UINT32_MAX;
        send_to(p);
        break;
    case 5:
        if (p->conn != MIDGE_NONE)
            gone(p, feed_byte(f) % 2 ? MIDGE_READ_ERROR : MIDGE_PEER_CLOSED);
        break;
    case 6:
        advance((uint64_t)1 << feed_byte(f) % 27);
        break;
    case 7:
        midge_reload(&broker, &configs[feed_byte(f) % 3]);
        break;
    case 8:
        application(f);
        break;
    case 9:
        MUST(midge_rx(&broker, stale, NULL, 0) == MIDGE_ERR_CLOSED);
        midge_sent(&broker, stale, 1);
        midge_closed(&broker, stale, MIDGE_PEER_CLOSED);
        break;
    case 10:
        if (feed_byte(f) == 'D')
            midge_lame_duck(&broker);
        break;
    case 11:
        talkative = !talkative;
        break;
    default:
        say(p, f);
    }
}

static void check(void) {
    for (int i = 0; i < POOL_COUNT; i++)
        MUST(broker.pools[i].used <= broker.pools[i].limit);
    // A list of free blocks that is broken shows that something wrote beyond its own.
    const struct pool *blocks = &broker.pools[POOL_blocks];
    uint32_t unused = 0;
    for (index_t b = blocks->free; b != 0; b = broker.blocks[b].next)
        MUST(b <= blocks->fresh && ++unused <= blocks->fresh);
    MUST(unused == (uint32_t)(blocks->fresh - blocks->used));
    MUST((uint32_t)(blocks->limit - blocks->used) >= broker.blocks_reserved);
}

// All leave, and nothing is left of them.
static void end(const uint32_t *used, bool politely) {
    talkative = false;
    if (politely) {
        midge_stop(&broker);
        settle();
    }
    for (uint32_t i = 0; i < PEERS; i++) {
        if (peers[i].conn != MIDGE_NONE)
            gone(&peers[i], MIDGE_PEER_CLOSED);
    }
    for (uint32_t i = 0; i < MIDGE_HANDLERS_MAX; i++)
        midge_unsubscribe(&broker, handlers[i]);
    // What /connz remembers of the last is displaced by others who have said nothing.
    for (uint32_t i = 0; i <= MIDGE_CLOSED_MAX; i++) {
        advance(0);
        midge_closed(&broker, midge_open(&broker, MIDGE_CLIENT, NULL), MIDGE_PEER_CLOSED);
    }
    advance(0);
    for (int turn = 0; turn < 100 && broker.connections[broker.local].out.bytes > 0; turn++)
        advance(0);
    bool local = broker.local != 0;
    for (uint32_t i = 0; i < POOL_COUNT; i++)
        MUST(broker.pools[i].used == used[i] + (i == POOL_connections && local));
    MUST(broker.blocks_reserved == (local ? MIDGE_BLOCKS_GUARANTEED : 0));
    MUST(midge_clients(&broker) == 0 && broker.crowded == 0);
    MUST(broker.lists[LIST_STALLED].head == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
    struct feed f = {bytes, n};
    uint32_t used[POOL_COUNT];
    for (uint32_t i = 0; i < 3 && configs[2].text_bytes == 0; i++) {
        rig_configure(&configs[i], texts[i]);
        configs[i].limits.blocks = 48;
    }
    for (uint32_t i = 0; i < PEERS; i++)
        peers[i].conn = MIDGE_NONE;
    memset(handlers, 0, sizeof handlers);
    stale = MIDGE_NONE;
    talkative = false;
    uint8_t first = feed_byte(&f);
    rig_start(&broker, &configs[first % 3]);
    for (uint32_t i = 0; i < POOL_COUNT; i++)
        used[i] = broker.pools[i].used;
    while (f.left > 0) {
        obey(&f);
        settle();
        check();
    }
    end(used, first & 128);
    return 0;
}
