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
