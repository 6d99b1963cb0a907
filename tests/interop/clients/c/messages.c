// What one message does: where it goes, what it carries, what comes back.
#include "scenario.h"

void publish_subscribe(const char *url) {
    natsConnection *from = connect_to(url), *to = connect_to(url);
    natsSubscription *sub = NULL;
    char text[16];

    OK(natsConnection_SubscribeSync(&sub, to, "numbers"));
    OK(natsConnection_Flush(to));
    for (int i = 0; i < 10000; i++) {
        snprintf(text, sizeof text, "%d", i);
        OK(natsConnection_PublishString(from, "numbers", text));
    }
    for (int i = 0; i < 10000; i++) {
        snprintf(text, sizeof text, "%d", i);
        natsMsg *msg = expect_message(sub, text);
        CHECK(strcmp(natsMsg_GetSubject(msg), "numbers") == 0);
        CHECK(natsMsg_GetReply(msg) == NULL);
        natsMsg_Destroy(msg);
    }
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(from);
    natsConnection_Destroy(to);
}

void wildcards(const char *url) {
    static const char *const subjects[] = {"time.us.east", "time.us.east.atlanta", "time.eu.east",
                                           "time.us", "space.us.east"};
    static const struct {
        const char *pattern;
        uint64_t matches;
    } patterns[] = {
        {"time.us.east", 1}, {"time.*.east", 2}, {"time.us.>", 2},
        {"time.*", 1},       {"*.*.east", 3},    {">", 5},
    };
    enum { PATTERNS = sizeof patterns / sizeof *patterns };
    natsConnection *nc = connect_to(url);
    natsSubscription *subs[PATTERNS];

    for (int i = 0; i < PATTERNS; i++)
        OK(natsConnection_SubscribeSync(&subs[i], nc, patterns[i].pattern));
    for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++)
        OK(natsConnection_PublishString(nc, subjects[i], "x"));
    OK(natsConnection_Flush(nc));
    for (int i = 0; i < PATTERNS; i++) {
        uint64_t queued = 0;
        OK(natsSubscription_QueuedMsgs(subs[i], &queued));
        printf("%s matched %d\n", patterns[i].pattern, (int)queued);
        CHECK(queued == patterns[i].matches);
        natsSubscription_Destroy(subs[i]);
    }
    natsConnection_Destroy(nc);
}

// Three members share 300 messages, about evenly; a plain subscription sees them all.
void queue_group(const char *url) {
    natsConnection *conns[4];
    natsSubscription *subs[4];
    uint64_t queued, shared = 0;

    for (int i = 0; i < 4; i++)
        conns[i] = connect_to(url);
    for (int i = 0; i < 3; i++)
        OK(natsConnection_QueueSubscribeSync(&subs[i], conns[i], "jobs", "workers"));
    OK(natsConnection_SubscribeSync(&subs[3], conns[3], "jobs"));
    for (int i = 0; i < 4; i++)
        OK(natsConnection_Flush(conns[i]));
    for (int i = 0; i < 300; i++)
        OK(natsConnection_PublishString(conns[0], "jobs", "work"));
    for (int i = 0; i < 4; i++)
        OK(natsConnection_Flush(conns[i]));
    for (int i = 0; i < 3; i++) {
        OK(natsSubscription_QueuedMsgs(subs[i], &queued));
        CHECK(queued >= 50);
        shared += queued;
    }
    CHECK(shared == 300);
    OK(natsSubscription_QueuedMsgs(subs[3], &queued));
    CHECK(queued == 300);
    for (int i = 0; i < 4; i++) {
        natsSubscription_Destroy(subs[i]);
        natsConnection_Destroy(conns[i]);
    }
}

static void answer(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *closure) {
    char text[32];
    (void)sub;
    (void)closure;
    snprintf(text, sizeof text, "re: %.*s", natsMsg_GetDataLength(msg), natsMsg_GetData(msg));
    OK(natsConnection_PublishString(nc, natsMsg_GetReply(msg), text));
    natsMsg_Destroy(msg);
}

void request_reply(const char *url) {
    natsConnection *service = connect_to(url), *nc = connect_to(url);
    natsSubscription *sub = NULL;
    natsMsg *reply;
    char text[16], expected[32];

    OK(natsConnection_Subscribe(&sub, service, "service", answer, NULL));
    OK(natsConnection_Flush(service));
    for (int i = 0; i < 1000; i++) {
        snprintf(text, sizeof text, "%d", i);
        snprintf(expected, sizeof expected, "re: %d", i);
        OK(natsConnection_RequestString(&reply, nc, "service", text, TIMEOUT_MS));
        CHECK(strcmp(natsMsg_GetData(reply), expected) == 0);
        natsMsg_Destroy(reply);
    }
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    natsConnection_Destroy(service);
}

void no_responders(const char *url) {
    natsConnection *nc = connect_to(url);
    natsMsg *reply = NULL;
    CHECK(natsConnection_RequestString(&reply, nc, "nobody", "?", TIMEOUT_MS) ==
          NATS_NO_RESPONDERS);
    natsConnection_Destroy(nc);
}

void headers(const char *url) {
    natsConnection *nc = connect_to(url);
    natsSubscription *sub = NULL;
    natsMsg *out, *in;
    const char *value, **values = NULL;
    int count = 0;

    OK(natsConnection_SubscribeSync(&sub, nc, "letters"));
    OK(natsMsg_Create(&out, "letters", NULL, "body", 4));
    OK(natsMsgHeader_Set(out, "Stamp", "airmail"));
    OK(natsMsgHeader_Add(out, "Via", "Lisbon"));
    OK(natsMsgHeader_Add(out, "Via", "Accra"));
    OK(natsConnection_PublishMsg(nc, out));
    natsMsg_Destroy(out);

    in = expect_message(sub, "body");
    OK(natsMsgHeader_Get(in, "Stamp", &value));
    CHECK(strcmp(value, "airmail") == 0);
    OK(natsMsgHeader_Values(in, "Via", &values, &count));
    CHECK(count == 2 && strcmp(values[0], "Lisbon") == 0 && strcmp(values[1], "Accra") == 0);
    free(values);
    natsMsg_Destroy(in);

    // Headers without a body, and a body without headers on the same subscription.
    OK(natsMsg_Create(&out, "letters", NULL, NULL, 0));
    OK(natsMsgHeader_Set(out, "Stamp", "none"));
    OK(natsConnection_PublishMsg(nc, out));
    natsMsg_Destroy(out);
    in = expect_message(sub, "");
    OK(natsMsgHeader_Get(in, "Stamp", &value));
    CHECK(strcmp(value, "none") == 0);
    natsMsg_Destroy(in);
    OK(natsConnection_PublishString(nc, "letters", "plain"));
    in = expect_message(sub, "plain");
    CHECK(natsMsgHeader_Get(in, "Stamp", &value) == NATS_NOT_FOUND);
    natsMsg_Destroy(in);

    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
}

void large_payload(const char *url) {
    static const int sizes[] = {0, 1, 65536, 1048575, 1048576};
    natsConnection *from = connect_to(url), *to = connect_to(url);
    natsSubscription *sub = NULL;
    char *bytes = malloc(1048576);

    CHECK(bytes != NULL);
    CHECK(natsConnection_GetMaxPayload(from) == 1048576);
    for (int i = 0; i < 1048576; i++)
        bytes[i] = (char)(i % 251);
    OK(natsConnection_SubscribeSync(&sub, to, "blobs"));
    OK(natsConnection_Flush(to));
    for (int round = 0; round < 4; round++) {
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
            OK(natsConnection_Publish(from, "blobs", bytes, sizes[i]));
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            natsMsg *msg = NULL;
            OK(natsSubscription_NextMsg(&msg, sub, TIMEOUT_MS));
            CHECK(natsMsg_GetDataLength(msg) == sizes[i]);
            CHECK(memcmp(natsMsg_GetData(msg), bytes, (size_t)sizes[i]) == 0);
            natsMsg_Destroy(msg);
        }
    }
    free(bytes);
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(from);
    natsConnection_Destroy(to);
}

void auto_unsubscribe(const char *url) {
    natsConnection *nc = connect_to(url);
    natsSubscription *sub = NULL;
    natsMsg *msg = NULL;
    natsStatistics *stats = NULL;
    uint64_t in_msgs, in_bytes, out_msgs, out_bytes, reconnects;

    OK(natsConnection_SubscribeSync(&sub, nc, "few"));
    OK(natsSubscription_AutoUnsubscribe(sub, 5));
    for (int i = 0; i < 10; i++)
        OK(natsConnection_PublishString(nc, "few", "x"));
    OK(natsConnection_Flush(nc));
    for (int i = 0; i < 5; i++)
        natsMsg_Destroy(expect_message(sub, "x"));
    CHECK(natsSubscription_NextMsg(&msg, sub, TIMEOUT_MS) == NATS_MAX_DELIVERED_MSGS);
    // The hub stopped by itself: the client did not have to throw messages away.
    OK(natsStatistics_Create(&stats));
    OK(natsConnection_GetStats(nc, stats));
    OK(natsStatistics_GetCounts(stats, &in_msgs, &in_bytes, &out_msgs, &out_bytes, &reconnects));
    CHECK(in_msgs == 5 && out_msgs == 10);
    natsStatistics_Destroy(stats);
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
}

void no_echo(const char *url) {
    natsOptions *opts = NULL;
    natsConnection *quiet = NULL, *other = connect_to(url);
    natsSubscription *sub = NULL;

    OK(natsOptions_Create(&opts));
    OK(natsOptions_SetURL(opts, url));
    OK(natsOptions_SetNoEcho(opts, true));
    OK(natsConnection_Connect(&quiet, opts));
    OK(natsConnection_SubscribeSync(&sub, quiet, "echo"));
    OK(natsConnection_PublishString(quiet, "echo", "own"));
    OK(natsConnection_Flush(quiet));
    OK(natsConnection_PublishString(other, "echo", "other"));
    natsMsg_Destroy(expect_message(sub, "other"));
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(quiet);
    natsConnection_Destroy(other);
    natsOptions_Destroy(opts);
}

void round_trip_time(const char *url) {
    natsConnection *nc = connect_to(url);
    int64_t rtt_ns = 0;
    OK(natsConnection_GetRTT(nc, &rtt_ns));
    CHECK(rtt_ns > 0 && rtt_ns < 1000000000);
    natsConnection_Destroy(nc);
}
