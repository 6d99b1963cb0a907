// What time does to a client, by a clock of the world's own: when it was heard last, when it is to
// be pinged, how long its answers take. Compared with the broker's at the end of each turn.

#ifndef SIM_PULSE_H
#define SIM_PULSE_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/broker.h"

struct pulse {
    uint64_t opened_us, active_us, pinged_us, connected_us;
    uint64_t heard_ping_us;  // the client's own last PING, 0 for none
    uint64_t in_msgs, in_bytes;
    uint32_t ping_ms;  // when it is to be pinged, at the last turn
    uint32_t pings_out;
    uint32_t rtt_us;
};

struct order;

// A client has come; the broker has taken a command of its.
void pulse_open(struct pulse *p, uint64_t us);
void pulse_order(struct pulse *p, uint64_t us, const struct order *o);

// What is wrong once a turn has begun, and at its end, or NULL.
const char *pulse_turn(const struct midge *m, const struct conn *conn, struct pulse *p);
const char *pulse_check(const struct midge *m, const struct conn *conn, struct pulse *p);

// Whether it is to be given up now, since it leaves pings without an answer.
bool pulse_is_stale(const struct midge *m, const struct pulse *p);

#endif
