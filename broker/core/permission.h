// Permission matching: whether a set of permissions lets its holder publish, subscribe, receive.
// Who holds which set is auth's to decide. Costs a pass over the set's patterns.
//
// A pattern for subscriptions may name a queue after a blank, `foo.* workers`: it then speaks of
// queue subscriptions with that name only, which may itself be a pattern.

#ifndef CORE_PERMISSION_H
#define CORE_PERMISSION_H

#include <stdbool.h>
#include <stdint.h>

struct midge_config;

// What is asked for: a subject, and the name of a queue or none (queue_bytes 0).
struct request {
    const uint8_t *subject, *queue;
    uint32_t subject_bytes, queue_bytes;
};

// `set` is 1 + an index into the configuration's permissions; 0 allows everything.
bool permission_publish(const struct midge_config *config, uint32_t set, const uint8_t *subject,
                        uint32_t n);

// A wildcard subscription needs an allow that covers all of it, and is refused where a deny covers
// all of it; where a deny covers a part (permission_filtered), that part is withheld at delivery.
bool permission_subscribe(const struct midge_config *config, uint32_t set,
                          const struct request *request);
bool permission_filtered(const struct midge_config *config, uint32_t set,
                         const struct request *request);

// Whether a message on a literal subject may be delivered under a filtered subscription.
bool permission_receive(const struct midge_config *config, uint32_t set,
                        const struct request *request);

#endif
