// For every pool and every n: the n-th take fails. For every number of blocks from the least to
// plenty; and for every moment: from then on only guaranteed blocks are left, for a while. The same
// conversation is held each time. After each of its steps the broker must be sound, each client
// must have got whole messages, and once everybody has left, every pool must be as it was.

#include <stdio.h>
#include <string.h>

#include "sim/check.h"
#include "tests/exhaust/world.h"

enum { A, B, C, DEAF, LATE, WEB };

#define CONNECT(more) "CONNECT {\"verbose\":false,\"pedantic\":false" more "}\r\n"
#define MODERN ",\"headers\":true,\"no_responders\":true,\"protocol\":1"

static struct world w;
static char payload[4097];

static void say(uint32_t peer, const char *text) {
    world_say(&w, peer, text, (uint32_t)strlen(text));
}

static void publish(uint32_t peer, const char *subject, uint32_t n) {
    char line[64];
    snprintf(line, sizeof line, "PUB %s %u\r\n", subject, n);
    say(peer, line);
    world_say(&w, peer, payload, n / 2);
    world_say(&w, peer, payload, n - n / 2);
    say(peer, "\r\n");
}

static void on_message(void *context, const struct midge_message *message) {
    uint32_t *handled = context;
    uint32_t n;
    for (uint32_t at = 0; midge_payload(message, at, &n) != NULL; at += n) {
    }
    ++*handled;
    // Refused where there is no room, which is an answer.
    (void)midge_publish(message->midge == &w.m ? &w.m : NULL, "app.out", NULL, "seen", 4);
}

// The conversation, one step a call. False after the last.
static bool step(uint32_t number) {
    switch (number) {
    case 0:
        world_open(&w, A, MIDGE_CLIENT);
        break;
    case 1:
        say(A, CONNECT(MODERN ",\"name\":\"a client with a long name\",\"lang\":\"c\""));
        break;
    case 2:
        say(A, "SUB a.b.c 1\r\nSUB a.* 2\r\nPING\r\n");
        break;
    case 3:
        world_open(&w, B, MIDGE_CLIENT);
        break;
    case 4:
        say(B, CONNECT("") "SUB a.> group a-long-sid-for-a-cell-of-text\r\n");
        break;
    case 5:
        world_open(&w, C, MIDGE_CLIENT);
        break;
    case 6:
        say(C, CONNECT(MODERN) "SUB a.> group 1\r\nSUB a.b group 2\r\nSUB > other 3\r\n");
        break;
    case 7:
        world_open(&w, DEAF, MIDGE_CLIENT);
        break;
    case 8:
        say(DEAF, CONNECT("") "SUB a.> 1\r\nSUB a.b.c 2\r\n");
        w.peers[DEAF].deaf = true;
        break;
    case 9:
        (void)midge_subscribe(&w.m, "app.in", NULL, on_message, &w.handled);
        break;
    case 10:
        say(A, "PUB a.b 5\r\nhello\r\nPUB app.in 2\r\nhi\r\n");
        break;
    case 11:
        publish(B, "a.b.c", 3000);
        break;
    case 12:
        say(A, "HPUB a.b 12 14\r\nNATS/1.0\r\n\r\nxx\r\n");
        break;
    case 13:
        say(A, "SUB _INBOX.* 9\r\nPUB nobody _INBOX.x 0\r\n\r\n");
        break;
    case 14:
        say(A, "UNSUB 1 2\r\nSUB d.e.f.g.h.i.j.k.l 3\r\nSUB 1.2.3.4.5.6.7 q 4\r\n");
        break;
    case 15:
        publish(A, "a.b", 1500);
        break;
    case 16:
        publish(B, "a.b.c", 4096);
        break;
    case 17:
        publish(C, "a.c", 1100);
        break;
    case 18:
        world_open(&w, WEB, MIDGE_MONITOR);
        break;
    case 19:
        say(WEB, "GET /connz?subs=1 HTTP/1.1\r\n");
        say(WEB, "Host: x\r\n\r\n");
        break;
    case 20:
        say(B, "PUB a.b 2000\r\n");
        world_say(&w, B, payload, 900);
        break;
    case 21:
        world_close(&w, B);
        break;
    case 22:
        world_open(&w, B, MIDGE_CLIENT);
        break;
    case 23:
        say(B, CONNECT("") "SUB a.* 1\r\nSUB");
        say(B, " a.b");
        say(B, " 2\r\nSUB a.*.c 3\r\n");
        break;
    case 24:
        publish(A, "a.b", 700);
        break;
    case 25:
        say(C, "UNSUB 2\r\nUNSUB 3\r\nSUB x.y z\r\nNONSENSE\r\n");
        break;
    case 26:
        world_open(&w, LATE, MIDGE_CLIENT);
        break;
    case 27:
        (void)midge_publish(&w.m, "a.b", "reply", payload, 600);
        break;
    case 28:
        w.peers[DEAF].deaf = false;
        break;
    default:
        return false;
    }
    world_pass(&w, number % 5 == 4 ? 3000 : 1);
    return true;
}

// ---- One conversation ---------------------------------------------------------------------------

static uint32_t passed, failed;

static bool expect_nothing_wrong(const char *what, uint32_t n, uint32_t at) {
    static struct dice dice = {.state = 1};
    const char *wrong = check_broker(&w.m, &dice);
    for (uint32_t i = 0; i < PEERS && wrong == NULL; i++)
        wrong = world_garbled(&w.peers[i]);
    if (wrong != NULL)
        printf("%s %u, step %u: %s\n", what, n, at, wrong);
    return wrong == NULL;
}

static bool expect_nothing_left(const char *what, uint32_t n, const struct pool *before) {
    for (uint32_t i = 0; i < POOL_COUNT; i++) {
        if (w.m.pools[i].used != before[i].used) {
            printf("%s %u: pool %u has %u in use, not %u\n", what, n, i, w.m.pools[i].used,
                   before[i].used);
            return false;
        }
    }
    return true;
}

// Holds the conversation. `from` and `steps` say when only guaranteed blocks are left.
static void converse(const char *what, uint32_t n, uint32_t from, uint32_t steps,
                     const struct pool *before) {
    bool good = true;
    index_t limit = w.m.pools[POOL_blocks].limit;
    uint32_t at = 0;
    do {
        // As if somebody else held all the others.
        if (at == from)
            w.m.pools[POOL_blocks].limit =
                (index_t)(w.m.pools[POOL_blocks].used + w.m.blocks_reserved);
        if (at == from + steps)
            w.m.pools[POOL_blocks].limit = limit;
        good = good && expect_nothing_wrong(what, n, at);
    } while (step(at++));
    w.m.pools[POOL_blocks].limit = limit;
    for (uint32_t i = 0; i < PEERS; i++)
        world_close(&w, i);
    for (int32_t id = 1; id <= MIDGE_HANDLERS_MAX; id++)
        midge_unsubscribe(&w.m, id);
    world_pass(&w, 5000);
    // Clients that have ended are remembered with their names, until others take their places.
    for (uint32_t i = 0; i <= MIDGE_CLOSED_MAX; i++) {
        world_open(&w, A, MIDGE_CLIENT);
        world_close(&w, A);
        world_pass(&w, 1);
    }
    // The application's own connection stays.
    struct pool left[POOL_COUNT];
    memcpy(left, before, sizeof left);
    left[POOL_connections].used = (index_t)(left[POOL_connections].used + (w.m.local != 0));
    good = good && expect_nothing_wrong(what, n, at) && expect_nothing_left(what, n, left);
    passed += good;
    failed += !good;
}

int main(void) {
    static const char *const names[] = {
#define X(name, type, max) "the take of " #name " number",
        MIDGE_POOLS(X)
#undef X
    };
    static struct pool before[POOL_COUNT];
    setvbuf(stdout, NULL, _IOLBF, 0);
    memset(payload, 'x', sizeof payload - 1);
    for (uint32_t pool = 0; pool < POOL_COUNT; pool++) {
        // A block that is guaranteed never fails: those are below.
        for (uint32_t n = 1, fired = 1; fired && pool != POOL_blocks; n++) {
            if (!world_start(&w, MIDGE_BLOCKS_MAX))
                return 1;
            memcpy(before, w.m.pools, sizeof before);
            w.m.pools[pool].fail_in = n;
            converse(names[pool], n, UINT32_MAX, 0, before);
            fired = w.m.pools[pool].fail_in == 0;
        }
    }
    for (uint32_t blocks = MIDGE_BLOCKS_GUARANTEED; blocks <= MIDGE_BLOCKS_MAX; blocks++) {
        if (!world_start(&w, blocks))
            return 1;
        memcpy(before, w.m.pools, sizeof before);
        converse("blocks", blocks, UINT32_MAX, 0, before);
    }
    for (uint32_t from = 0; from < 30; from++) {
        for (uint32_t steps = 1; steps <= 30; steps += 3) {
            if (!world_start(&w, MIDGE_BLOCKS_MAX))
                return 1;
            memcpy(before, w.m.pools, sizeof before);
            converse("no common block from step", from, from, steps, before);
        }
    }
    printf("exhaust: %u passed, %u failed\n", passed, failed);
    return failed > 0 || passed == 0;
}
