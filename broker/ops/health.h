// What /healthz says: whether clients may be sent here, and whether a stream or consumer is well.

#ifndef OPS_HEALTH_H
#define OPS_HEALTH_H

#include "broker/core/http.h"

struct answer;
struct format;

// Writes the whole answer to a request whose parameters were checked, and answers its status.
enum http_status health_check(const struct answer *a, struct format *body);

#endif
