// What a monitoring page must say: each member and its value, no others, by what the broker holds
// at that moment. Where something has happened between the request and the answer's end, only what
// cannot have changed is looked at, and what only grows lies between both ends.

#ifndef SIM_INSPECTOR_H
#define SIM_INSPECTOR_H

#include <stdbool.h>
#include <stdint.h>

struct site;
struct moment;

enum page_kind {
    PAGE_ROOT,
    PAGE_VARZ,
    PAGE_CONNZ,
    PAGE_SUBSZ,
    PAGE_HEALTHZ,
    PAGE_ACCOUNTZ,
    PAGE_ACCOUNT,
    PAGE_ACCSTATZ,
    PAGE_JSZ,
    PAGE_ROUTEZ,
    PAGE_LEAFZ,
    PAGE_GATEWAYZ,
    PAGE_NONE,
};

// What is asked of it.
struct question {
    enum page_kind page;
    bool subs, detail, auth, unused;
    bool open, closed;   // connections
    bool other_account;  // one that there is not
    uint32_t sort;       // index into inspector_sorts
    uint64_t offset, limit, cid;
    char user[16], test[24];
};

extern const char *const inspector_sorts[];
#define INSPECTOR_SORTS 15

// NULL, or what is wrong with an answer's body.
const char *inspector_judge(const struct site *s, const struct question *q,
                            const struct moment *begun, const char *body, uint32_t n);

#endif
