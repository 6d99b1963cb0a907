// What a configuration comes to: a model of nats-server's options and Midge's bounds, as plain as
// it can be. What conf/ makes of a page is compared with what this makes of it.

#ifndef SIM_SETTINGS_H
#define SIM_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/broker.h"
#include "sim/words.h"

enum form {
    FORM_SWITCH,
    FORM_COUNT,    // 0 stands for the standard
    FORM_BYTES,    // the same, of 31 bits
    FORM_PAYLOAD,  // the same; below 0 is no limit
    FORM_LIMIT,    // 0 is none at all
    FORM_TOKENS,   // 1..255
    FORM_PORT,
    FORM_SIZE,
    FORM_TEXT,
    FORM_NAME,     // without blanks
    FORM_SECONDS,  // a duration, or an integer that is warned of
    FORM_TIMEOUT,  // a duration, or seconds; in `authorization`
    FORM_DURATION,
};

struct setting {
    const char *names;
    enum form form;
    uint32_t at;  // its place in struct midge_config
    int64_t least, most, standard;
    const char *change;  // what a reload says of it: `!` and a name where it cannot change; NULL
                         // for its name
    const char *flag;    // on the command line
};

// In the order in which reloads tell of them.
extern const struct setting settings[];
extern const uint32_t settings_count;
#define SETTINGS_MAX 44

#define SETTING_TEXT_MAX 72
#define LOGINS_MAX 8
#define RULES 4  // publish allow, deny; subscribe allow, deny
#define RULE_SUBJECTS_MAX 3

struct grant {
    uint8_t count[RULES];
    char subject[RULES][RULE_SUBJECTS_MAX][64];
};

struct login {
    char name[24], password[24];
    bool granted;  // else it may do anything
    struct grant grant;
};

struct outcome {
    int64_t number[SETTINGS_MAX];
    char text[SETTINGS_MAX][SETTING_TEXT_MAX];
    char username[24], password[24], token[24];
    uint32_t logins;
    struct login login[LOGINS_MAX];
    bool granted_all;  // to who has no grant of its own
    struct grant grant_all;
    uint32_t tags;
    char tag[4][24];
};

// The setting of a member of struct midge_config.
#define SETTING(member) setting_at(offsetof(struct midge_config, member))
uint32_t setting_at(uint32_t offset);

// Where nothing is configured.
void settings_begin(struct outcome *o);

// A number is set. Answers whether it was above the most.
bool settings_number(struct outcome *o, uint32_t setting, int64_t value);

// All is said: what follows from it. Answers true, or false with what is wrong.
bool settings_complete(struct outcome *o, struct words *wrong);

// What of a configuration differs from its outcome; NULL for nothing.
const char *settings_differ(const struct outcome *o, const struct midge_config *config);

// What a reload says of a change, setting by setting from `*setting` on. False at the end.
bool settings_change(const struct outcome *from, const struct outcome *to, uint32_t *setting,
                     struct words *line);

#endif
