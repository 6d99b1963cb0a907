// A connection's life: drained, cut, stalled, warned, and coming back.
#include <pthread.h>

#include "scenario.h"

#define DRAINED_MSGS 500

// Says the event's name, which the driver awaits.
static void say(natsConnection *nc, void *name) {
    (void)nc;
    printf("%s\n", (const char *)name);
}

// A connection that says what happens to it, and tries to come back every 20 ms.
static natsConnection *connect_tenaciously(const char *url) {
    natsOptions *opts = options_to(url);
    natsConnection *nc = NULL;

    OK(natsOptions_SetMaxReconnect(opts, -1));
    OK(natsOptions_SetReconnectWait(opts, 20));
    OK(natsOptions_SetReconnectJitter(opts, 1, 1));
    OK(natsOptions_SetDisconnectedCB(opts, say, "disconnected"));
    OK(natsOptions_SetReconnectedCB(opts, say, "reconnected"));
    OK(natsOptions_SetLameDuckModeCB(opts, say, "lame duck"));
    OK(natsConnection_Connect(&nc, opts));
    natsOptions_Destroy(opts);
    return nc;
}

static int handled;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t drained = PTHREAD_COND_INITIALIZER;
static bool closed;

static void handle_slowly(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *closure) {
    (void)nc;
    (void)sub;
    (void)closure;
    nats_Sleep(1);
    handled++;
    natsMsg_Destroy(msg);
}

static void note_closed(natsConnection *nc, void *closure) {
    (void)nc;
    (void)closure;
    pthread_mutex_lock(&lock);
    closed = true;
    pthread_cond_signal(&drained);
    pthread_mutex_unlock(&lock);
}

// All that was delivered before the drain is handled, nothing that was published after it, and then
// the connection closes.
void drain(const char *url) {
    natsConnection *from = connect_to(url), *to = NULL;
    natsOptions *opts = options_to(url);
    natsSubscription *sub = NULL;

    OK(natsOptions_SetClosedCB(opts, note_closed, NULL));
    OK(natsConnection_Connect(&to, opts));
    OK(natsConnection_Subscribe(&sub, to, "backlog", handle_slowly, NULL));
    OK(natsConnection_Flush(to));
    for (int i = 0; i < DRAINED_MSGS; i++)
        OK(natsConnection_PublishString(from, "backlog", "x"));
    OK(natsConnection_Flush(from));
    OK(natsConnection_Flush(to));
    OK(natsConnection_Drain(to));
    pthread_mutex_lock(&lock);
    while (!closed)
        pthread_cond_wait(&drained, &lock);
    pthread_mutex_unlock(&lock);
    CHECK(handled == DRAINED_MSGS);

    natsMsg *reply = NULL;
    CHECK(natsConnection_RequestString(&reply, from, "backlog", "?", TIMEOUT_MS) ==
          NATS_NO_RESPONDERS);
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(to);
    natsConnection_Destroy(from);
    natsOptions_Destroy(opts);
}

// The driver ends the hub and starts it again: the subscription comes back by itself.
void reconnect(const char *url) {
    natsConnection *nc = connect_tenaciously(url);
    natsSubscription *sub = NULL;

    OK(natsConnection_SubscribeSync(&sub, nc, "news"));
    OK(natsConnection_PublishString(nc, "news", "before"));
    natsMsg_Destroy(expect_message(sub, "before"));
    printf("connected\n");
    await_driver();
    OK(natsConnection_PublishString(nc, "news", "after"));
    natsMsg_Destroy(expect_message(sub, "after"));
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
}

#define BURST 8
#define BURST_BYTES 1024

// A number in front of bytes, some of which are left out.
static natsStatus publish_number(natsConnection *nc, uint32_t number) {
    char bytes[BURST_BYTES] = {0};
    int n = snprintf(bytes, sizeof bytes, "%u", number) + 1;
    n += (int)(number * 37 % (BURST_BYTES - 16));
    return natsConnection_Publish(nc, "pulse", bytes, n);
}

// Takes what has come. Numbers only grow; answers how many there were.
static uint32_t take_numbers(natsSubscription *sub, uint32_t *last, int64_t timeout_ms) {
    natsMsg *msg = NULL;
    uint32_t count = 0;
    while (count < BURST && natsSubscription_NextMsg(&msg, sub, timeout_ms) == NATS_OK) {
        uint32_t number = (uint32_t)strtoul(natsMsg_GetData(msg), NULL, 10);
        CHECK(number > *last);
        *last = number;
        count++;
        natsMsg_Destroy(msg);
    }
    return count;
}

// Attempts that found somebody, too.
static uint64_t reconnects_of(natsConnection *nc, natsStatistics *stats) {
    uint64_t ignored, reconnects;
    OK(natsConnection_GetStats(nc, stats));
    OK(natsStatistics_GetCounts(stats, &ignored, &ignored, &ignored, &ignored, &reconnects));
    return reconnects;
}

static void *await_end(void *enough) {
    await_driver();
    *(volatile bool *)enough = true;
    return NULL;
}

// One connection gets what it publishes, in bursts, for as long as the driver likes, who ends the
// connection now and then. What is on its way then may be lost; else all comes, in order.
void endure(const char *url) {
    natsConnection *nc = connect_tenaciously(url);
    natsSubscription *sub = NULL;
    natsStatistics *stats = NULL;
    volatile bool enough = false;
    uint32_t sent = 0, last = 0, received = 0;
    pthread_t waiter;

    OK(natsStatistics_Create(&stats));
    OK(natsConnection_SubscribeSync(&sub, nc, "pulse"));
    OK(natsConnection_Flush(nc));
    CHECK(pthread_create(&waiter, NULL, await_end, (void *)&enough) == 0);
    printf("connected\n");
    while (!enough) {
        uint64_t before = reconnects_of(nc, stats);
        bool good = true;
        for (int i = 0; i < BURST && good; i++)
            good = publish_number(nc, ++sent) == NATS_OK;
        good = good && natsConnection_FlushTimeout(nc, TIMEOUT_MS) == NATS_OK;
        uint32_t count = take_numbers(sub, &last, good ? TIMEOUT_MS : 1);
        CHECK(count == BURST || !good || reconnects_of(nc, stats) != before);
        received += count;
        while (natsConnection_Status(nc) != NATS_CONN_STATUS_CONNECTED)
            nats_Sleep(1);
    }
    pthread_join(waiter, NULL);
    printf("sent %u, received %u\n", sent, received);
    natsStatistics_Destroy(stats);
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
}

// The driver stops this process and floods it until the hub cuts it off; then lets it come back.
void stall(const char *url) {
    natsConnection *nc = connect_tenaciously(url), *other = connect_tenaciously(url);
    natsSubscription *flood = NULL, *word = NULL, *other_word = NULL;

    OK(natsConnection_SubscribeSync(&flood, nc, "flood"));
    OK(natsConnection_SubscribeSync(&word, nc, "word"));
    OK(natsConnection_SubscribeSync(&other_word, other, "word"));
    OK(natsConnection_Flush(nc));
    OK(natsConnection_Flush(other));
    printf("subscribed\n");
    await_driver();
    natsMsg_Destroy(expect_message(word, "still there?"));
    natsMsg_Destroy(expect_message(other_word, "still there?"));
    natsSubscription_Destroy(flood);
    natsSubscription_Destroy(word);
    natsSubscription_Destroy(other_word);
    natsConnection_Destroy(nc);
    natsConnection_Destroy(other);
}

void lame_duck(const char *url) {
    natsConnection *nc = connect_tenaciously(url);
    natsSubscription *sub = NULL;

    OK(natsConnection_SubscribeSync(&sub, nc, "swan"));
    OK(natsConnection_Flush(nc));
    printf("connected\n");
    await_driver();
    // A lame duck still serves those that it has.
    OK(natsConnection_PublishString(nc, "swan", "song"));
    natsMsg_Destroy(expect_message(sub, "song"));
    printf("served\n");
    await_driver();
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
}
