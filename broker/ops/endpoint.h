// The endpoints of monitoring: their paths, parameters and documents. Follows nats-server 2.15:
// fields, their order, and which are left out while they are zero or empty.

#ifndef OPS_ENDPOINT_H
#define OPS_ENDPOINT_H

#include "broker/ops/document.h"
#include "broker/ops/parameter.h"

enum {
    ENDPOINT_CONNZ,
    ENDPOINT_HEALTHZ,
    ENDPOINT_SUBSZ,
    ENDPOINT_VARZ,
    // The rest is there with MIDGE_MONITOR_HUB only.
    ENDPOINT_ACCOUNTZ,
    ENDPOINT_ACCSTATZ,
    ENDPOINT_GATEWAYZ,
    ENDPOINT_JSZ,
    ENDPOINT_LEAFZ,
    ENDPOINT_ROUTEZ,
    ENDPOINT_ROOT,
    ENDPOINT_ACCOUNT,  // what /accountz says of one account; it has no path
    ENDPOINT_ALL
};

#define ENDPOINT_COUNT (MIDGE_MONITOR_HUB ? ENDPOINT_ALL : ENDPOINT_ACCOUNTZ)
#define ENDPOINT_PATHS (MIDGE_MONITOR_HUB ? ENDPOINT_ACCOUNT : ENDPOINT_ACCOUNTZ)

// Their documents; /healthz has none.
extern const struct document endpoint_documents[];

// Those of their parameters that are checked.
extern const struct parameter *const endpoint_parameters[];

// Their paths, and then, as far as they are on the page with links, their titles.
extern const char endpoint_paths[], endpoint_titles[];

// Those with a path, in the order of their paths.
extern const uint8_t endpoints_sorted[];

// What documents say whoever asks.
extern const struct constants {
    char version[sizeof MIDGE_NATS_VERSION];
    uint8_t zero, one, two;
#if MIDGE_MONITOR_HUB
    char account[3], client[7], nats[5];
    char page_begin[160], page_link[16], page_title[3], page_next[13], page_end[20];
#endif
} constants;

// The endpoint of a request's path, -1 for none.
int endpoint_find(const struct midge_config *config, const char *path);

#endif
