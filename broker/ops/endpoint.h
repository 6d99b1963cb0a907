// The endpoints of monitoring: their paths, parameters and documents. Follows nats-server 2.15:
// fields, their order, and which are left out while they are zero or empty.

#ifndef OPS_ENDPOINT_H
#define OPS_ENDPOINT_H

#include "broker/ops/document.h"
#include "broker/ops/parameter.h"

enum {
    ENDPOINT_ROOT,
    ENDPOINT_ACCOUNTZ,
    ENDPOINT_ACCSTATZ,
    ENDPOINT_CONNZ,
    ENDPOINT_GATEWAYZ,
    ENDPOINT_HEALTHZ,
    ENDPOINT_JSZ,
    ENDPOINT_LEAFZ,
    ENDPOINT_ROUTEZ,
    ENDPOINT_SUBSZ,
    ENDPOINT_VARZ,
    ENDPOINT_ACCOUNT,  // what /accountz says of one account
    ENDPOINT_COUNT
};

struct endpoint {
    const char *path;
    const char *title;                   // on the page with links, NULL where it is not
    const struct field *fields;          // NULL: not a document
    const struct parameter *parameters;  // those that are checked
    uint8_t style;
};

extern const struct endpoint endpoints[ENDPOINT_COUNT];

// The endpoint of a request's path, -1 for none.
int endpoint_find(const struct midge_config *config, const char *path);

#endif
