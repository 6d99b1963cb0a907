#include "broker/core/permission.h"

#include <string.h>

#include "broker/broker.h"
#include "broker/core/subject.h"

typedef bool relation(const uint8_t *pattern, uint32_t pattern_bytes, const uint8_t *s, uint32_t n);

static bool any(const struct midge_config *config, struct midge_list list, relation *holds,
                const uint8_t *s, uint32_t n) {
    for (uint32_t i = 0; i < list.count; i++) {
        const char *pattern = midge_config_text(config, config->subjects[list.first + i]);
        if (holds((const uint8_t *)pattern, (uint32_t)strlen(pattern), s, n))
            return true;
    }
    return false;
}

static bool allowed(const struct midge_config *config, struct midge_list allow,
                    struct midge_list deny, const uint8_t *s, uint32_t n) {
    if (allow.count > 0 && !any(config, allow, subject_covers, s, n))
        return false;
    return !any(config, deny, subject_covers, s, n);
}

bool permission_publish(const struct midge_config *config, uint32_t set, const uint8_t *subject,
                        uint32_t n) {
    if (set == 0)
        return true;
    const struct midge_permissions *p = &config->permissions[set - 1];
    return allowed(config, p->publish_allow, p->publish_deny, subject, n);
}

bool permission_subscribe(const struct midge_config *config, uint32_t set, const uint8_t *subject,
                          uint32_t n) {
    if (set == 0)
        return true;
    const struct midge_permissions *p = &config->permissions[set - 1];
    return allowed(config, p->subscribe_allow, p->subscribe_deny, subject, n);
}

bool permission_filtered(const struct midge_config *config, uint32_t set, const uint8_t *subject,
                         uint32_t n) {
    return set != 0 && any(config, config->permissions[set - 1].subscribe_deny, subject_overlaps,
                           subject, n);
}

bool permission_receive(const struct midge_config *config, uint32_t set, const uint8_t *subject,
                        uint32_t n) {
    return set == 0 ||
           !any(config, config->permissions[set - 1].subscribe_deny, subject_covers, subject, n);
}
