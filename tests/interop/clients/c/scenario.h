// What the scenarios of the C client share: how one fails, and how it talks to the driver.
//
// A scenario is a function that takes the hub's URL and returns when all that it expects has
// happened; anything else ends the program with a line that names the check. What the driver must
// know or wait for is said on standard output, a line each.
#ifndef SCENARIO_H
#define SCENARIO_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nats/nats.h>

#define TIMEOUT_MS 10000

#define CHECK(cond)                                                   \
    do {                                                              \
        if (!(cond)) {                                                \
            printf("%s:%d: not so: %s\n", __FILE__, __LINE__, #cond); \
            exit(1);                                                  \
        }                                                             \
    } while (0)

#define OK(call)                                                                               \
    do {                                                                                       \
        natsStatus status_ = (call);                                                           \
        if (status_ != NATS_OK) {                                                              \
            printf("%s:%d: %s: %s\n", __FILE__, __LINE__, #call, natsStatus_GetText(status_)); \
            exit(1);                                                                           \
        }                                                                                      \
    } while (0)

// Waits for the driver to say go on.
void await_driver(void);

// The URL, and TLS by the authority in the file $TLS_CA, and by the certificate in $TLS_CERT. No
// write, and so no record of TLS, has more than $RECORD_BYTES, if those are given.
natsOptions *options_to(const char *url);

natsConnection *connect_to(const char *url);

// The next message of `sub`, which must hold exactly these bytes. The caller destroys it.
natsMsg *expect_message(natsSubscription *sub, const char *payload);

// messages.c
void publish_subscribe(const char *url);
void wildcards(const char *url);
void queue_group(const char *url);
void request_reply(const char *url);
void no_responders(const char *url);
void headers(const char *url);
void large_payload(const char *url);
void auto_unsubscribe(const char *url);
void no_echo(const char *url);
void round_trip_time(const char *url);

// lifecycle.c
void drain(const char *url);
void reconnect(const char *url);
void endure(const char *url);
void stall(const char *url);
void lame_duck(const char *url);

// limits.c
void login(const char *url);
void permissions(const char *url);
void max_payload(const char *url);

#endif
