#include "sim/settings.h"

#include <inttypes.h>
#include <string.h>

#define AT(member) offsetof(struct midge_config, member)
#define MS_MAX 1073741823  // half of what the sign of 32 bits tells apart
#define U32_MAX 4294967295

const struct setting settings[] = {
    {"server_name", FORM_NAME, AT(server_name), 0, 0, 0, "!ServerName", "name"},
    {"host|net", FORM_TEXT, AT(host), 0, 0, 0, "!Host", "addr"},
    {"port", FORM_PORT, AT(port), 0, 0, 4222, "!Port", "p"},
    {"client_advertise", FORM_TEXT, AT(client_advertise), 0, 0, 0, "Reload: client_advertise",
     "client_advertise"},
    {"trace", FORM_SWITCH, AT(trace), 0, 1, 0, NULL, "V"},
    {"debug", FORM_SWITCH, AT(debug), 0, 1, 0, NULL, "debug"},
    {"trace_verbose", FORM_SWITCH, AT(trace_verbose), 0, 1, 0, NULL, "VV"},
    {"trace_headers", FORM_SWITCH, AT(trace_headers), 0, 1, 0, NULL, NULL},
    {"no_header_support", FORM_SWITCH, AT(no_header_support), 0, 1, 0, "!NoHeaderSupport", NULL},
    {"logtime", FORM_SWITCH, AT(logtime), 0, 1, 1, NULL, "T"},
    {"logtime_utc", FORM_SWITCH, AT(logtime_utc), 0, 1, 0, NULL, "logtime_utc"},
    {"max_connections|max_conn", FORM_LIMIT, AT(max_connections), 0, MIDGE_CLIENTS_MAX,
     MIDGE_CLIENTS_MAX, NULL, NULL},
    {"max_subscriptions|max_subs", FORM_COUNT, AT(max_subscriptions), 0, MIDGE_SUBSCRIPTIONS_MAX, 0,
     "!MaxSubs", NULL},
    {"max_sub_tokens|max_subscription_tokens", FORM_TOKENS, AT(max_sub_tokens), 0, MIDGE_TOKENS_MAX,
     0, "!MaxSubTokens", NULL},
    {"", FORM_COUNT, AT(users_count), 0, 0, 0, "=Reloaded: authorization users", NULL},
    {"", FORM_COUNT, AT(permissions_count), 0, 0, 0, "=Reloaded: accounts", NULL},
    {"no_auth_user", FORM_TEXT, AT(no_auth_user), 0, 0, 0, "!NoAuthUser", NULL},
    {"", FORM_TEXT, AT(username), 0, 0, 0, "=Reloaded: authorization username", "user"},
    {"", FORM_TEXT, AT(password), 0, 0, 0, "=Reloaded: authorization password", "pass"},
    {"", FORM_TEXT, AT(token), 0, 0, 0, "=Reloaded: authorization token", "auth"},
    {"ping_interval", FORM_SECONDS, AT(ping_interval_ms), 1, MS_MAX, 120000, NULL, NULL},
    {"ping_max", FORM_COUNT, AT(ping_max), 0, U32_MAX, 2, NULL, NULL},
    {"", FORM_TEXT, AT(http_host), 0, 0, 0, "!HTTPHost", NULL},
    {"http_port|monitor_port", FORM_PORT, AT(http_port), 0, 0, 0, "!HTTPPort", "m"},
    {"http_base_path", FORM_TEXT, AT(http_base_path), 0, 0, 0, "!HTTPBasePath", NULL},
    {"", FORM_TIMEOUT, AT(auth_timeout_ms), 1, MS_MAX, 2000, "Reloaded: authorization timeout",
     NULL},
    {"max_control_line", FORM_BYTES, AT(max_control_line), 0, MIDGE_CONTROL_LINE_MAX,
     MIDGE_CONTROL_LINE_MAX, NULL, NULL},
    {"max_payload", FORM_PAYLOAD, AT(max_payload), 0, MIDGE_PAYLOAD_MAX, MIDGE_PAYLOAD_MAX, NULL,
     NULL},
    {"max_pending", FORM_COUNT, AT(max_pending), 0, MIDGE_BLOCKS_MAX *MIDGE_BLOCK_BYTES,
     MIDGE_BLOCKS_MAX *MIDGE_BLOCK_BYTES, "!MaxPending", NULL},
    {"no_fast_producer_stall", FORM_SWITCH, AT(no_fast_producer_stall), 0, 1, 0, NULL, NULL},
    {"pid_file|pidfile", FORM_TEXT, AT(pid_file), 0, 0, 0, NULL, "pid"},
    {"ports_file_dir", FORM_TEXT, AT(ports_file_dir), 0, 0, 0, NULL, "ports_file_dir"},
    {"log_file|logfile", FORM_TEXT, AT(log_file), 0, 0, 0, NULL, "l"},
    {"log_size_limit|logfile_size_limit", FORM_SIZE, AT(log_size_limit), 0, 0, 0, "!LogSizeLimit",
     "log_size_limit"},
    {"log_max_num|logfile_max_num", FORM_COUNT, AT(log_max_num), 0, U32_MAX, 0, "!LogMaxFiles",
     NULL},
    {"syslog", FORM_SWITCH, AT(syslog), 0, 1, 0, NULL, "syslog"},
    {"write_deadline", FORM_SECONDS, AT(write_deadline_ms), 1, MS_MAX, 10000, NULL, NULL},
    {"max_closed_clients", FORM_COUNT, AT(max_closed_clients), 0, MIDGE_CLOSED_MAX,
     MIDGE_CLOSED_MAX, "!MaxClosedClients", NULL},
    {"lame_duck_duration", FORM_DURATION, AT(lame_duck_duration_ms), 30000, MS_MAX, 120000,
     "!LameDuckDuration", NULL},
    {"lame_duck_grace_period", FORM_DURATION, AT(lame_duck_grace_ms), 0, MS_MAX, 10000,
     "!LameDuckGracePeriod", NULL},
    {"max_traced_msg_len", FORM_COUNT, AT(max_traced_msg_len), 0, U32_MAX, 0, NULL,
     "max_traced_msg_len"},
    {"", FORM_COUNT, AT(tags_count), 0, 0, 0, "=Reloaded: tags", NULL},
};

const uint32_t settings_count = sizeof settings / sizeof settings[0];
_Static_assert(sizeof settings / sizeof settings[0] <= SETTINGS_MAX, "an outcome holds all");

uint32_t setting_at(uint32_t offset) {
    uint32_t i = 0;
    while (settings[i].at != offset)
        i++;
    return i;
}

static bool is_text(uint32_t i) {
    return settings[i].form == FORM_TEXT || settings[i].form == FORM_NAME;
}

void settings_begin(struct outcome *o) {
    memset(o, 0, sizeof *o);
    for (uint32_t i = 0; i < settings_count; i++)
        o->number[i] = settings[i].form == FORM_PORT ? 0 : settings[i].standard;
    o->number[SETTING(port)] = 4222;
}

bool settings_number(struct outcome *o, uint32_t setting, int64_t value) {
    const struct setting *s = &settings[setting];
    if (s->form == FORM_PORT || s->form == FORM_SIZE) {
        int64_t least = s->form == FORM_SIZE ? 0 : INT32_MIN;
        int64_t most = s->form == FORM_SIZE ? INT64_MAX : INT32_MAX;
        o->number[setting] = value < least ? least : value > most ? most : value;
        return false;
    }
    if (value == 0 && s->form != FORM_LIMIT && s->form != FORM_SWITCH)
        value = s->standard;
    o->number[setting] = value > s->most ? s->most : value < s->least ? s->least : value;
    if (s->at == AT(trace_verbose) || s->at == AT(trace_headers))
        o->number[SETTING(trace)] = value;
    return value > s->most;
}

static const struct login *login_of(const struct outcome *o, const char *name) {
    for (uint32_t i = 0; i < o->logins; i++) {
        if (strcmp(o->login[i].name, name) == 0)
            return &o->login[i];
    }
    return NULL;
}

static void default_text(char *text, const char *to) {
    if (text[0] == '\0')
        strcpy(text, to);
}

// One slash in front, none behind, or nothing at all.
static void trim_path(char *path) {
    char inner[SETTING_TEXT_MAX];
    size_t n = strlen(path);
    while (n > 0 && path[n - 1] == '/')
        n--;
    path[n] = '\0';
    strcpy(inner, path + strspn(path, "/"));
    path[0] = '\0';
    if (inner[0] != '\0')
        strcat(strcpy(path, "/"), inner);
}

bool settings_complete(struct outcome *o, struct words *wrong) {
    default_text(o->text[SETTING(host)], "0.0.0.0");
    default_text(o->text[SETTING(http_host)], o->text[SETTING(host)]);
    if (o->number[SETTING(port)] == 0)
        o->number[SETTING(port)] = 4222;
    trim_path(o->text[SETTING(http_base_path)]);
    if (o->logins > 0)
        o->token[0] = '\0';
    if (o->logins > 0 || o->token[0] != '\0')
        o->username[0] = o->password[0] = '\0';
    strcpy(o->text[SETTING(username)], o->username);
    strcpy(o->text[SETTING(password)], o->password);
    strcpy(o->text[SETTING(token)], o->token);
    int64_t grace = o->number[SETTING(lame_duck_grace_ms)];
    int64_t duration = o->number[SETTING(lame_duck_duration_ms)];
    int64_t payload = o->number[SETTING(max_payload)], pending = o->number[SETTING(max_pending)];
    const char *anonymous = o->text[SETTING(no_auth_user)];
    wrong->n = 0;
    if (grace >= duration) {
        words_add(wrong, "lame duck grace period (");
        words_add_duration(wrong, (uint64_t)grace * 1000);
        words_add(wrong, ") should be strictly lower than lame duck duration (");
        words_add_duration(wrong, (uint64_t)duration * 1000);
        words_add(wrong, ")");
    } else if (payload > pending) {
        words_add(wrong,
                  "max_payload (%" PRId64 ") cannot be higher than max_pending (%" PRId64 ")",
                  payload, pending);
    } else if (strchr(o->text[SETTING(server_name)], ' ') != NULL) {
        words_add(wrong, "server name cannot contain spaces");
    } else if (anonymous[0] != '\0' && o->logins == 0) {
        words_add(wrong, "no_auth_user: \"%s\" present, but users/nkeys are not defined",
                  anonymous);
    } else if (anonymous[0] != '\0' && login_of(o, anonymous) == NULL) {
        words_add(wrong,
                  "no_auth_user: \"%s\" not present as user or nkey in authorization block or "
                  "account configuration",
                  anonymous);
    }
    return wrong->n == 0;
}

// ---- Comparison ---------------------------------------------------------------------------------

static int64_t number_of(const struct setting *s, const struct midge_config *config) {
    const char *at = (const char *)config + s->at;
    uint32_t number;
    uint64_t size;
    if (s->form == FORM_SWITCH)
        return *(const bool *)at;
    memcpy(&size, at, sizeof size);
    memcpy(&number, at, sizeof number);
    return s->form == FORM_SIZE   ? (int64_t)size
           : s->form == FORM_PORT ? (int64_t)(int32_t)number
                                  : (int64_t)number;
}

static bool same_grant(const struct grant *g, const struct midge_config *config, uint32_t set) {
    const struct midge_list *list = (const struct midge_list *)&config->permissions[set - 1];
    for (uint32_t rule = 0; rule < RULES; rule++, list++) {
        if (list->count != g->count[rule])
            return false;
        for (uint32_t i = 0; i < list->count; i++) {
            const char *subject = midge_config_text(config, config->subjects[list->first + i]);
            if (strcmp(subject, g->subject[rule][i]) != 0)
                return false;
        }
    }
    return true;
}

static bool same_login(const struct outcome *o, const struct login *l,
                       const struct midge_config *config, const struct midge_user *user) {
    const struct grant *grant = l->granted ? &l->grant : o->granted_all ? &o->grant_all : NULL;
    if (strcmp(midge_config_text(config, user->name), l->name) != 0 ||
        strcmp(midge_config_text(config, user->password), l->password) != 0)
        return false;
    if (grant == NULL || user->permissions == 0)
        return grant == NULL && user->permissions == 0;
    return user->permissions <= config->permissions_count &&
           same_grant(grant, config, user->permissions);
}

const char *settings_differ(const struct outcome *o, const struct midge_config *config) {
    for (uint32_t i = 0; i < settings_count; i++) {
        const struct setting *s = &settings[i];
        bool counted = s->change != NULL && s->change[0] == '=' && !is_text(i);
        midge_text text;
        memcpy(&text, (const char *)config + s->at, sizeof text);
        bool same = counted      ? true
                    : is_text(i) ? strcmp(midge_config_text(config, text), o->text[i]) == 0
                                 : number_of(s, config) == o->number[i];
        if (!same)
            return s->names[0] != '\0' ? s->names : s->change;
    }
    if (config->users_count != o->logins || config->tags_count != o->tags)
        return "the number of users or tags";
    for (uint32_t i = 0; i < o->logins; i++) {
        if (!same_login(o, &o->login[i], config, &config->users[i]))
            return "a user";
    }
    for (uint32_t i = 0; i < o->tags; i++) {
        if (strcmp(midge_config_text(config, config->tags[i]), o->tag[i]) != 0)
            return "a tag";
    }
    return NULL;
}

// ---- Changes ------------------------------------------------------------------------------------

static void add_value(struct words *line, const struct outcome *o, uint32_t i) {
    const struct setting *s = &settings[i];
    int64_t v = o->number[i];
    if (is_text(i))
        words_add(line, "%s", o->text[i]);
    else if (s->form == FORM_SWITCH)
        words_add(line, "%s", v ? "true" : "false");
    else if (s->form == FORM_SECONDS || s->form == FORM_DURATION)
        words_add_duration(line, (uint64_t)v * 1000);
    else if (s->form == FORM_TIMEOUT)
        words_add(line, "%.15g", (double)v / 1000);
    else
        words_add(line, "%" PRId64, v);
}

static bool changed(const struct outcome *from, const struct outcome *to, uint32_t i) {
    uint32_t at = settings[i].at;
    if (at == AT(users_count) || at == AT(permissions_count))
        return true;
    if (at == AT(tags_count))
        return from->tags != to->tags || memcmp(from->tag, to->tag, sizeof to->tag) != 0;
    if (at == AT(port) && to->number[i] == -1)
        return false;
    if (at == AT(no_auth_user) && to->text[i][0] == '\0' && login_of(to, from->text[i]) == NULL)
        return false;
    return is_text(i) ? strcmp(from->text[i], to->text[i]) != 0 : from->number[i] != to->number[i];
}

bool settings_change(const struct outcome *from, const struct outcome *to, uint32_t *setting,
                     struct words *line) {
    for (; *setting < settings_count; ++*setting) {
        uint32_t i = *setting;
        const struct setting *s = &settings[i];
        if (!changed(from, to, i))
            continue;
        line->n = 0;
        if (s->change == NULL) {
            words_add(line, "Reloaded: %.*s = ", (int)strcspn(s->names, "|"), s->names);
            add_value(line, to, i);
        } else if (s->change[0] == '=') {
            words_add(line, "%s", s->change + 1);
        } else if (s->change[0] == '!') {
            words_add(line, "config reload not supported for %s: old=", s->change + 1);
            add_value(line, from, i);
            words_add(line, ", new=");
            add_value(line, to, i);
        } else {
            words_add(line, "%s = ", s->change);
            add_value(line, to, i);
        }
        ++*setting;
        return true;
    }
    return false;
}
