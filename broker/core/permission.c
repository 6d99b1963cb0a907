#include "broker/core/permission.h"

#include <string.h>

#include "broker/broker.h"
#include "broker/core/subject.h"

typedef bool relation(const uint8_t *pattern, uint32_t pattern_bytes, const uint8_t *s, uint32_t n);

// What a list's patterns say of a request.
struct verdict {
    bool plain;          // one without a queue holds
    bool queued;         // one with a queue holds, whatever queue it names
    bool queue_matches;  // and names the request's
};

static struct verdict consult(const struct midge_config *config, struct midge_list list,
                              relation *holds, const struct request *r) {
    struct verdict verdict = {0};
    for (uint32_t i = 0; i < list.count; i++) {
        const char *pattern = midge_config_text(config, config->subjects[list.first + i]);
        uint32_t n = 0;
        while (pattern[n] != '\0' && pattern[n] != ' ')
            n++;
        if (!holds((const uint8_t *)pattern, n, r->subject, r->subject_bytes))
            continue;
        if (pattern[n] == '\0') {
            verdict.plain = true;
        } else if (r->queue_bytes > 0) {
            verdict.queued = true;
            const char *queue = pattern + n + 1;
            if (subject_covers((const uint8_t *)queue, (uint32_t)strlen(queue), r->queue,
                               r->queue_bytes))
                verdict.queue_matches = true;
        }
    }
    return verdict;
}

static bool denied(const struct midge_config *config, struct midge_list deny,
                   const struct request *r) {
    struct verdict verdict = consult(config, deny, subject_matches, r);
    return verdict.plain || verdict.queue_matches;
}

static bool allowed(const struct midge_config *config, struct midge_list allow,
                    struct midge_list deny, relation *holds, const struct request *r) {
    if (allow.count > 0) {
        struct verdict verdict = consult(config, allow, holds, r);
        // Where queues are named for a subject, only those may be joined on it.
        if (verdict.queued ? !verdict.queue_matches : !verdict.plain)
            return false;
    }
    return !denied(config, deny, r);
}

bool permission_publish(const struct midge_config *config, uint32_t set, const uint8_t *subject,
                        uint32_t n) {
    if (set == 0)
        return true;
    const struct midge_permissions *p = &config->permissions[set - 1];
    struct request r = {.subject = subject, .subject_bytes = n};
#if MIDGE_RESPONSES_MAX > 0
    if (p->responses != 0 && p->publish_allow.count == 0)
        return false;  // who may answer may do nothing else, unless that is said
#endif
    return allowed(config, p->publish_allow, p->publish_deny, subject_matches, &r);
}

bool permission_subscribe(const struct midge_config *config, uint32_t set,
                          const struct request *r) {
    if (set == 0)
        return true;
    const struct midge_permissions *p = &config->permissions[set - 1];
    return allowed(config, p->subscribe_allow, p->subscribe_deny, subject_covers, r);
}

bool permission_filtered(const struct midge_config *config, uint32_t set, const struct request *r) {
    if (set == 0)
        return false;
    struct verdict verdict =
        consult(config, config->permissions[set - 1].subscribe_deny, subject_overlaps, r);
    return verdict.plain || verdict.queued;
}

bool permission_receive(const struct midge_config *config, uint32_t set, const struct request *r) {
    return set == 0 || !denied(config, config->permissions[set - 1].subscribe_deny, r);
}
