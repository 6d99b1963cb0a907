// The cases: a table names each, says what it consists of, and which function runs it.
#pragma once

#include "meter.h"
#include "secure.h"

#include <stdbool.h>
#include <stdint.h>

// Each function reads the fields that concern it.
struct shape {
    uint32_t size;           // of a payload, bytes
    uint32_t publishers;     // each to a subject of its own
    uint32_t subscribers;    // to each subject; their own connections
    uint32_t queue;          // the subscribers are a queue group
    uint32_t requesters;     // connections
    uint32_t in_flight;      // requests, of each requester
    uint32_t clients;        // that connect at once
    uint32_t subscriptions;  // with wildcards, on one connection
    uint32_t levels;         // of their subjects: 5, or 4 the first of which is literal
    struct secure_shape secure;
};

void run_flow(const struct target *t, const struct shape *s);
void run_request(const struct target *t, const struct shape *s);
void run_wild(const struct target *t, const struct shape *s);
void run_memory(const struct target *t, const struct shape *s);
void run_connect(const struct target *t, const struct shape *s);
void run_crowd(const struct target *t, const struct shape *s);
void run_start(const struct target *t, const struct shape *s);

// The reference: a loop that parses PUB and emits MSG, and does nothing else that a broker does.
_Noreturn void bare_serve(uint16_t port);
