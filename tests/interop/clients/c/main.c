// The C client's scenarios by name: `client NAME URL`.
#include "scenario.h"

static const struct {
    const char *name;
    void (*run)(const char *url);
} scenarios[] = {
    {"publish_subscribe", publish_subscribe},
    {"wildcards", wildcards},
    {"queue_group", queue_group},
    {"request_reply", request_reply},
    {"no_responders", no_responders},
    {"headers", headers},
    {"large_payload", large_payload},
    {"auto_unsubscribe", auto_unsubscribe},
    {"no_echo", no_echo},
    {"round_trip_time", round_trip_time},
    {"drain", drain},
    {"reconnect", reconnect},
    {"endure", endure},
    {"stall", stall},
    {"lame_duck", lame_duck},
    {"login", login},
    {"permissions", permissions},
    {"max_payload", max_payload},
};

void await_driver(void) {
    char line[64];
    CHECK(fgets(line, sizeof line, stdin) != NULL);
}

natsOptions *options_to(const char *url) {
    natsOptions *opts = NULL;
    OK(natsOptions_Create(&opts));
    OK(natsOptions_SetURL(opts, url));
    if (getenv("TLS_CA") != NULL) {
        OK(natsOptions_SetSecure(opts, true));
        OK(natsOptions_LoadCATrustedCertificates(opts, getenv("TLS_CA")));
    }
    if (getenv("TLS_CERT") != NULL)
        OK(natsOptions_LoadCertificatesChain(opts, getenv("TLS_CERT"), getenv("TLS_CERT")));
    if (getenv("RECORD_BYTES") != NULL) {
        OK(natsOptions_SetIOBufSize(opts, atoi(getenv("RECORD_BYTES"))));
        OK(natsOptions_SetReconnectBufSize(opts, atoi(getenv("RECORD_BYTES"))));
    }
    return opts;
}

natsConnection *connect_to(const char *url) {
    natsConnection *nc = NULL;
    natsOptions *opts = options_to(url);
    OK(natsConnection_Connect(&nc, opts));
    natsOptions_Destroy(opts);
    return nc;
}

natsMsg *expect_message(natsSubscription *sub, const char *payload) {
    natsMsg *msg = NULL;
    OK(natsSubscription_NextMsg(&msg, sub, TIMEOUT_MS));
    CHECK((size_t)natsMsg_GetDataLength(msg) == strlen(payload));
    CHECK(memcmp(natsMsg_GetData(msg), payload, strlen(payload)) == 0);
    return msg;
}

int main(int argc, char **argv) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (size_t i = 0; argc == 3 && i < sizeof scenarios / sizeof *scenarios; i++) {
        if (strcmp(argv[1], scenarios[i].name) == 0) {
            scenarios[i].run(argv[2]);
            nats_Close();
            return 0;
        }
    }
    printf("usage: client SCENARIO URL\n");
    return 2;
}
