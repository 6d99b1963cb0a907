// Who may connect, what they may do, and how much: what the hub refuses and how a client hears it.
#include "scenario.h"

// By the URL, or the key of $NKEY whose seed the file $NKEY_SEED holds.
void login(const char *url) {
    natsOptions *opts = NULL;
    natsConnection *nc = NULL;

    OK(natsOptions_Create(&opts));
    OK(natsOptions_SetURL(opts, url));
    if (getenv("NKEY_SEED") != NULL)
        OK(natsOptions_SetNKeyFromSeed(opts, getenv("NKEY"), getenv("NKEY_SEED")));
    natsStatus status = natsConnection_Connect(&nc, opts);

    if (status == NATS_OK) {
        OK(natsConnection_Flush(nc));
        printf("welcome\n");
    } else if (status == NATS_CONNECTION_AUTH_FAILED) {
        printf("refused\n");
    } else {
        printf("%s\n", natsStatus_GetText(status));
    }
    natsConnection_Destroy(nc);
    natsOptions_Destroy(opts);
}

static void say_error(natsConnection *nc, natsSubscription *sub, natsStatus error, void *closure) {
    const char *text = NULL;
    (void)sub;
    (void)closure;
    natsConnection_GetLastError(nc, &text);
    printf("%s: %s\n", error == NATS_NOT_PERMITTED ? "violation" : natsStatus_GetText(error), text);
}

// The driver's user may publish to `open.>`, and subscribe to it and to its inbox.
void permissions(const char *url) {
    natsOptions *opts = NULL;
    natsConnection *nc = NULL;
    natsSubscription *allowed = NULL, *denied = NULL;

    OK(natsOptions_Create(&opts));
    OK(natsOptions_SetURL(opts, url));
    OK(natsOptions_SetAllowReconnect(opts, false));
    OK(natsOptions_SetErrorHandler(opts, say_error, NULL));
    OK(natsConnection_Connect(&nc, opts));
    OK(natsConnection_SubscribeSync(&allowed, nc, "open.door"));
    OK(natsConnection_PublishString(nc, "secret.door", "?"));
    OK(natsConnection_Flush(nc));
    await_driver();
    OK(natsConnection_SubscribeSync(&denied, nc, "secret.door"));
    OK(natsConnection_Flush(nc));
    await_driver();
    OK(natsConnection_PublishString(nc, "open.door", "come in"));
    natsMsg_Destroy(expect_message(allowed, "come in"));
    natsSubscription_Destroy(allowed);
    natsSubscription_Destroy(denied);
    natsConnection_Destroy(nc);
    natsOptions_Destroy(opts);
}

// The driver allows 1,000 bytes, and after a reload 2,000 to those that connect then.
void max_payload(const char *url) {
    static char bytes[2001];
    natsConnection *nc = connect_to(url), *newcomer = NULL;
    natsSubscription *sub = NULL;
    natsMsg *msg = NULL;

    OK(natsConnection_SubscribeSync(&sub, nc, "size"));
    CHECK(natsConnection_GetMaxPayload(nc) == 1000);
    CHECK(natsConnection_Publish(nc, "size", bytes, 1001) == NATS_MAX_PAYLOAD);
    OK(natsConnection_Publish(nc, "size", bytes, 1000));
    OK(natsSubscription_NextMsg(&msg, sub, TIMEOUT_MS));
    CHECK(natsMsg_GetDataLength(msg) == 1000);
    natsMsg_Destroy(msg);
    printf("limited\n");
    await_driver();
    newcomer = connect_to(url);
    CHECK(natsConnection_GetMaxPayload(newcomer) == 2000);
    OK(natsConnection_Publish(newcomer, "size", bytes, 2000));
    OK(natsSubscription_NextMsg(&msg, sub, TIMEOUT_MS));
    CHECK(natsMsg_GetDataLength(msg) == 2000);
    natsMsg_Destroy(msg);
    natsConnection_Destroy(newcomer);
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
}
