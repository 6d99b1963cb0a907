#include "sim/operator.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim/admission.h"
#include "sim/cases.h"
#include "sim/script.h"
#include "sim/world.h"

static struct script script;

// ---- Settings -----------------------------------------------------------------------------------

enum value_kind { A_MAP, AN_ARRAY, A_STRING, A_BOOLEAN, AN_INTEGER, A_FLOAT, A_TIME, KINDS };

static const struct {
    const char *name, *go, *text;
} kinds[KINDS] = {{"a map", "map[string]interface {}", "{ a: 1, b { c: [] } }"},
                  {"an array", "[]interface {}", "[ 1, [b], {} ]"},
                  {"a string", "string", "'x'"},
                  {"a boolean", "bool", "true"},
                  {"an integer", "int64", "7"},
                  {"a float", "float64", "1.5"},
                  {"a time", "time.Time", "2024-02-29T12:34:56Z"}};

static enum value_kind kind_of(enum form form) {
    return form == FORM_SWITCH                                               ? A_BOOLEAN
           : form == FORM_TEXT || form == FORM_NAME || form == FORM_DURATION ? A_STRING
                                                                             : AN_INTEGER;
}

// A value that the setting does not take.
static void write_wrong(struct script *s, uint32_t i) {
    const struct setting *setting = &settings[i];
    bool seconds = setting->form == FORM_SECONDS;
    enum value_kind wanted = seconds ? A_STRING : kind_of(setting->form);
    enum value_kind given = (enum value_kind)dice_below(s->dice, KINDS);
    if (given == wanted || (seconds && given == AN_INTEGER))
        given = A_MAP;
    page_add(&s->value, "%s", kinds[given].text);
    struct spot spot = script_pair(s, setting->names);
    script_owe(s, 'E', &spot, "expected %s for \"%s\", but got %s", kinds[wanted].name, spot.key,
               kinds[given].name);
}

// A number that says much, or just so much, or that is out of all bounds.
static int64_t roll_number(struct script *s, const struct setting *setting) {
    int64_t most = setting->most > 0 ? setting->most : 65535;
    uint64_t high;
    switch (dice_below(s->dice, 10)) {
    case 0:
        return setting->least + (int64_t)dice_below(s->dice, 3) - 1;
    case 1:
        return most + (int64_t)dice_below(s->dice, 3) - 1;
    case 2:
        return -(int64_t)dice_roll(s->dice);
    case 3:
        return INT32_MAX + (int64_t)dice_below(s->dice, 3) - 1;
    case 4:
        high = dice_roll(s->dice);
        return (int64_t)(high << dice_below(s->dice, 32));
    case 5:
        return 253 + (int64_t)dice_below(s->dice, 4);
    default:
        return (int64_t)((uint64_t)dice_roll(s->dice) * ((uint64_t)most + 1) >> 32);
    }
}

static void write_number(struct script *s, uint32_t i, int64_t value) {
    const struct setting *setting = &settings[i];
    page_number(&s->value, value);
    struct spot spot = script_pair(s, setting->names);
    bool bytes = setting->form == FORM_BYTES || setting->form == FORM_PAYLOAD;
    bool tokens = setting->form == FORM_TOKENS;
    if (tokens && value <= 0)
        script_owe(s, 'E', &spot, "%s value can not be negative", spot.key);
    else if ((bytes && value > INT32_MAX) || (tokens && value > 255))
        script_owe(s, 'E', &spot, "%s value is too big", spot.key);
    else
        script_number(s, &spot, i, value);
}

static void write_seconds(struct script *s, uint32_t i, int64_t seconds) {
    const char *name = settings[i].names;
    page_number(&s->value, seconds);
    struct spot spot = script_pair(s, name);
    script_owe(s, 'W', &spot, "invalid use of field \"%s\": %s should be converted to a duration",
               name, name);
    script_number(s, &spot, i, seconds * 1000);
}

static void write_duration(struct script *s, uint32_t i) {
    const struct setting *setting = &settings[i];
    if (dice_once_in(s->dice, 12)) {
        const struct no_duration *none = script_no_duration(s);
        page_text(&s->value, none->text);
        struct spot spot = script_pair(s, setting->names);
        script_owe(s, 'E', &spot, "error parsing %s: %s", spot.key, none->why);
        return;
    }
    char text[64];
    int64_t ms = script_duration(s, text);
    page_text(&s->value, text);
    struct spot spot = script_pair(s, setting->names);
    if (setting->form == FORM_SECONDS || ms >= setting->least) {
        script_number(s, &spot, i, ms);
    } else if (setting->least == 0) {
        script_owe(s, 'E', &spot, "invalid %s, needs to be positive", spot.key);
    } else {
        struct words short_one = {0};
        words_add_duration(&short_one, ms > 0 ? (uint64_t)ms * 1000 : 0);
        script_owe(s, 'E', &spot, "invalid %s of %s, minimum is 30 seconds", spot.key,
                   short_one.text);
    }
}

static void write_text(struct script *s, uint32_t i, const char *text) {
    page_text(&s->value, text);
    struct spot spot = script_pair(s, settings[i].names);
    if (settings[i].form == FORM_NAME && strchr(text, ' ') != NULL)
        script_owe(s, 'E', &spot, "server name cannot contain spaces");
    else
        snprintf(s->outcome.text[i], SETTING_TEXT_MAX, "%s", text);
}

static const char *roll_text(struct script *s, uint32_t i) {
    static const char *const texts[] = {"a",
                                        "",
                                        "sim-1",
                                        "with blank",
                                        "tab\there",
                                        "quote\"d",
                                        "back\\slash",
                                        "uml\xc3\xa4ut",
                                        "it's",
                                        "0x",
                                        "12ab",
                                        "true",
                                        "$dollar",
                                        "10.0.0.1",
                                        "line\nbreak\n",
                                        "a.b-c_d:e",
                                        "1]",
                                        "no\r\n)\n",
                                        "<html>&",
                                        "\x01\x7f\xff",
                                        "a-text-that-is-as-long-as-sixty-bytes-and-a-few-more"};
    static const char *const paths[] = {"/", "//", "nats", "/nats", "//nats//", "a/b/", "/a//b"};
    bool path = settings[i].at == offsetof(struct midge_config, http_base_path);
    return path ? paths[dice_below(s->dice, 7)]
                : texts[dice_below(s->dice, sizeof texts / sizeof texts[0])];
}

static void write_any(struct script *s, uint32_t i) {
    const struct setting *setting = &settings[i];
    if (dice_once_in(s->dice, 40)) {
        write_wrong(s, i);
    } else if (setting->form == FORM_SWITCH) {
        bool on = dice_once_in(s->dice, 2);
        page_switch(&s->value, on);
        script_pair(s, setting->names);
        settings_number(&s->outcome, i, on);
    } else if (setting->form == FORM_TEXT || setting->form == FORM_NAME) {
        write_text(s, i, roll_text(s, i));
    } else if (setting->form == FORM_SECONDS && dice_once_in(s->dice, 3)) {
        write_seconds(s, i, dice_below(s->dice, 2000000));
    } else if (setting->form >= FORM_SECONDS) {
        write_duration(s, i);
    } else {
        write_number(s, i, roll_number(s, setting));
    }
}

// ---- Other pairs --------------------------------------------------------------------------------

static void write_listen(struct script *s, bool http) {
    static const struct {
        const char *text, *host;
        int port;
    } forms[] = {{"127.0.0.1:4333", "127.0.0.1", 4333},
                 {"localhost:0", "localhost", 0},
                 {"[::1]:99", "::1", 99},
                 {":77", "", 77},
                 {"a:-1", "a", -1},
                 {"b:70000", "b", 70000}};
    uint32_t host = http ? SETTING(http_host) : SETTING(host);
    uint32_t port = http ? SETTING(http_port) : SETTING(port);
    uint32_t way = dice_below(s->dice, 7);
    int64_t number = way < 6 ? forms[way].port : roll_number(s, &settings[port]);
    if (way < 6)
        page_text(&s->value, forms[way].text);
    else
        page_number(&s->value, number);
    script_pair(s, http ? "http" : "listen");
    strcpy(s->outcome.text[host], way < 6 ? forms[way].host : "");
    settings_number(&s->outcome, port, number);
}

static void write_tags(struct script *s) {
    static const char *const tags[] = {"a", "B:c", "Zone:EU", "x y", "[Z]@"};
    static const char *const low[] = {"a", "b:c", "zone:eu", "x y", "[z]@"};
    struct outcome *o = &s->outcome;
    bool array = dice_once_in(s->dice, 2);
    uint32_t count = array ? dice_below(s->dice, 4) : 1;
    memset(o->tag, 0, sizeof o->tag);
    page_add(&s->value, array ? "[ " : "");
    for (uint32_t i = 0; i < count; i++) {
        uint32_t which = dice_below(s->dice, 5);
        page_text(&s->value, tags[which]);
        if (array)
            page_end(&s->value, true);
        strcpy(o->tag[i], low[which]);
    }
    page_add(&s->value, array ? "]" : "");
    o->tags = count;
    script_pair(s, "server_tags");
}

static void write_ignored(struct script *s) {
    static const char *const names = "no_system_account|no_system|no_sys_acc|prof_port|"
                                     "disable_sublist_cache|connect_error_reports|feature_flags";
    page_add(&s->value, "%s", kinds[dice_below(s->dice, KINDS)].text);
    struct spot spot = script_pair(s, names);
    script_owe(s, 'R', &spot, "\"%s\" has no effect here", spot.key);
}

// ---- Too much -----------------------------------------------------------------------------------

static void write_too_many_logins(struct script *s, struct page *p) {
    page_add(p, "authorization { users: [ ");
    for (uint32_t i = 0; i <= MIDGE_USERS_MAX + dice_below(s->dice, 2); i++) {
        struct spot spot = page_spot(p);
        // What is behind a map's brace.
        spot.column++;
        page_add(p, "{ user: u%u, permissions: { publish: a%u } }\n", i, i < 8 ? i : 0);
        if (i == MIDGE_USERS_MAX)
            script_owe(s, 'E', &spot, "more than %d users", MIDGE_USERS_MAX);
    }
    page_add(p, "] }\n");
}

static void write_too_many_grants(struct script *s, struct page *p) {
    page_add(p, "authorization {\nusers: [\n");
    for (uint32_t i = 0; i < MIDGE_USERS_MAX; i++)
        page_add(p, "{ user: u%u, permissions: { publish: a%u } }\n", i, i);
    page_add(p, "]\n");
    struct spot spot = page_spot(p);
    page_add(p, "default_permissions: { publish: a, subscribe: b }\n}\n");
    script_owe(s, 'E', &spot, "more than %d sets of permissions", MIDGE_PERMISSIONS_MAX);
}

static void write_too_many_subjects(struct script *s, struct page *p) {
    page_add(p, "authorization { default_permissions: {\npublish: {");
    struct spot spot = page_spot(p);
    page_add(p, "deny: [");
    for (uint32_t i = 0; i <= MIDGE_PERMISSION_SUBJECTS_MAX; i++)
        page_add(p, "a,");
    page_add(p, "]} } }\n");
    script_owe(s, 'E', &spot, "more than %d subjects in permissions",
               MIDGE_PERMISSION_SUBJECTS_MAX);
}

static void write_too_many_tags(struct script *s, struct page *p) {
    struct spot spot = page_spot(p);
    page_add(p, "server_tags: [");
    for (uint32_t i = 0; i <= 16 + dice_below(s->dice, 3); i++)
        page_add(p, "t,");
    page_add(p, "]\n");
    script_owe(s, 'E', &spot, "more than 16 tags");
}

static void write_too_much_text(struct script *s, struct page *p) {
    bool escaped = dice_once_in(s->dice, 2);
    struct spot spot = {0};
    for (uint32_t i = 0; i < 8; i++) {
        spot = page_spot(p);
        page_add(p, "pid_file: \"%s%0600u\"\n", i == 7 && escaped ? "\\t" : "", i);
        if (i == 6)
            script_owe(s, 'E', &spot, "more than %d bytes of strings", MIDGE_CONFIG_TEXT_BYTES);
    }
}

static void write_too_deep(struct script *s, struct page *p) {
    page_add(p, "server_tags: %.*s]", (int)dice_between(s->dice, MIDGE_CONFIG_DEPTH_MAX, 12),
             "[[[[[[[[[[[[");
    s->owed.n = 0;
    words_add(&s->owed, "E config is nested deeper than %d levels\n", MIDGE_CONFIG_DEPTH_MAX);
    s->wrong = s->fatal = true;
}

static void write_too_many_keys(struct script *s, struct page *p) {
    for (uint32_t i = s->keys; i <= KEYS_MAX; i++)
        page_add(p, "debug: yes\n");
    s->owed.n = 0;
    words_add(&s->owed, "E config has more than %d keys in the maps around one value\n", KEYS_MAX);
    s->wrong = s->fatal = true;
}

static void write_zero_byte(struct script *s, struct page *p) {
    struct spot spot = page_spot(p);
    page_add(p, "log_file: \"a\\x00b\"\n");
    script_owe(s, 'E', &spot, "a string cannot hold a zero byte");
}

static void write_too_much(struct script *s) {
    static void (*const ways[])(struct script *, struct page *) = {
        write_too_many_logins, write_too_many_grants, write_too_many_subjects, write_too_many_tags,
        write_too_much_text,   write_too_deep,        write_too_many_keys,     write_zero_byte};
    s->kept = true;
    ways[dice_below(s->dice, sizeof ways / sizeof ways[0])](s, &s->page);
}

// ---- Reading ------------------------------------------------------------------------------------

// Reads what was written, and compares.
static void read_pages(struct script *s, struct midge_config *config) {
    static struct midge_config before;
    struct midge_source source = {s->page.name, s->page.text, s->page.n};
    struct midge_reading reading = script_reading(s);
    if (s->fatal)
        before = *config;
    bool good = midge_configure(config, &source, &reading);
    if (strcmp(s->said.text, s->owed.text) != 0)
        script_fail(s, "a configuration is not said to be what it is");
    if (good == s->wrong)
        script_fail(s, "a wrong configuration was taken, or a right one refused");
    if (s->fatal && memcmp(&before, config, sizeof before) != 0)
        script_fail(s, "a configuration that cannot be read has changed something");
}

// Sees to the rest, and compares what has come of it. False where the whole makes no sense.
static bool complete(struct script *s, struct midge_config *config) {
    struct midge_reading reading = script_reading(s);
    struct words wrong = {0};
    s->said.n = s->owed.n = 0;
    s->said.text[0] = s->owed.text[0] = '\0';
    bool sound = settings_complete(&s->outcome, &wrong);
    if (!sound)
        words_add(&s->owed, "E %.*s\n", MIDGE_LOG_LINE_BYTES, wrong.text);
    if (midge_config_complete(config, &reading) != sound || strcmp(s->said.text, s->owed.text) != 0)
        script_fail(s, "a configuration as a whole is not said to be what it is");
    const char *differs = settings_differ(&s->outcome, config);
    if (differs != NULL) {
        fprintf(stderr, "%s differs\n", differs);
        script_fail(s, "a configuration has come to something else");
    }
    return sound;
}

// ---- The command line ---------------------------------------------------------------------------

// Flags that belong to no setting of the model.
static void set_other_flag(struct script *s, struct midge_config *config) {
    static const struct {
        const char *name, *value;
        int32_t answer;
    } flags[] = {{"js", "true", MIDGE_ERR_UNBUILT},   {"tls", "false", 0},
                 {"r", "maybe", MIDGE_ERR_INVALID},   {"profile", "6060", 0},
                 {"cluster", "1", MIDGE_ERR_UNBUILT}, {"l", NULL, MIDGE_ERR_FULL}};
    static char much[MIDGE_CONFIG_TEXT_BYTES + 1];
    uint32_t i = dice_below(s->dice, sizeof flags / sizeof flags[0]);
    memset(much, 'x', sizeof much - 1);
    int32_t option = midge_option_flag(flags[i].name, (uint32_t)strlen(flags[i].name));
    const char *value = flags[i].value != NULL ? flags[i].value : much;
    if (option < 0 || midge_option_set(config, option, value) != flags[i].answer)
        script_fail(s, "a flag was not answered as it must be");
    if (midge_option_flag("verbose", 7) != MIDGE_ERR_INVALID)
        script_fail(s, "a flag is known that there is not");
}

static void set_flag(struct script *s, struct midge_config *config) {
    uint32_t i = dice_below(s->dice, settings_count);
    const struct setting *setting = &settings[i];
    struct outcome *o = &s->outcome;
    char digits[24];
    if (setting->flag == NULL)
        return;
    int32_t option = midge_option_flag(setting->flag, (uint32_t)strlen(setting->flag));
    if (option < 0 || midge_option_switch(option) != (setting->form == FORM_SWITCH))
        script_fail(s, "a flag is not known for what it is");
    int32_t owed = 0, answer;
    bool bad = dice_once_in(s->dice, 8);
    if (setting->form == FORM_SWITCH) {
        static const char *const truths[] = {"0", "f", "F",    "false", "FALSE", "False", "1",
                                             "t", "T", "true", "TRUE",  "True",  "maybe"};
        uint32_t which = bad ? 12 : dice_below(s->dice, 12);
        owed = bad ? MIDGE_ERR_INVALID : 0;
        answer = midge_option_set(config, option, truths[which]);
        if (!bad)
            settings_number(o, i, which >= 6);
    } else if (setting->form == FORM_TEXT || setting->form == FORM_NAME) {
        static const char *const texts[] = {"x", "", "one-two", "a.b:c", "two words"};
        const char *text = texts[dice_below(s->dice, 5)];
        uint32_t at = setting->at;
        if (bad && at == offsetof(struct midge_config, password)) {
            owed = MIDGE_ERR_UNBUILT;
            text = "$2a$11$abc";
        }
        answer = midge_option_set(config, option, text);
        strcpy(at == offsetof(struct midge_config, username)   ? o->username
               : at == offsetof(struct midge_config, password) ? o->password
               : at == offsetof(struct midge_config, token)    ? o->token
                                                               : o->text[i],
               text);
    } else {
        int64_t value = roll_number(s, setting);
        snprintf(digits, sizeof digits, "%" PRId64 "%s", value, bad ? "x" : "");
        owed = bad ? MIDGE_ERR_INVALID : 0;
        answer = midge_option_set(config, option, digits);
        if (!bad)
            settings_number(o, i, value);
    }
    if (answer != owed)
        script_fail(s, "a flag was not answered as it must be");
}

// ---- On the side --------------------------------------------------------------------------------

// Pages that say anything at all.
static void write_pages(struct script *s) {
    bool braces = dice_once_in(s->dice, 6);
    page_add(&s->page, "%s", braces ? "{" : "");
    for (uint32_t n = dice_below(s->dice, 10); n > 0 && s->keys < KEYS_MAX - BLOCK_KEYS; n--) {
        uint32_t i = dice_below(s->dice, settings_count);
        uint32_t what = dice_below(s->dice, 24);
        if (what == 0)
            write_listen(s, false);
        else if (what == 1)
            write_listen(s, true);
        else if (what == 2)
            write_tags(s);
        else if (what == 3)
            write_ignored(s);
        else if (what < 8)
            admission_write(s);
        else if (settings[i].names[0] != '\0')
            write_any(s, i);
    }
    page_gap(&s->page);
    if (braces) {
        page_add(&s->page, dice_once_in(s->dice, 2) ? "}" : "} \n");
    } else if (dice_once_in(s->dice, 3)) {
        if (s->page.n > 0 && s->page.text[s->page.n - 1] != '\n')
            page_add(&s->page, "\n");
        if (dice_once_in(s->dice, 8)) {
            write_too_much(s);
            return;
        }
        s->kept = true;
        s->fatal = cases_write(&s->page, &s->owed);
        s->wrong |=
            strstr(s->owed.text, "E ") == s->owed.text || strstr(s->owed.text, "\nE ") != NULL;
    }
    if (s->keys == 0 && !s->kept) {
        words_add(&s->owed, "W sim.conf: config has no values or is empty\n");
    }
}

static void compare_changes(struct script *s, const struct outcome *from,
                            const struct midge_config *config_from,
                            const struct midge_config *config) {
    struct words owed = {0};
    char said[512];
    uint32_t setting = 0;
    int32_t option = 0;
    bool more, fixed = false;
    do {
        option = midge_config_change(config_from, config, option, &fixed, said, sizeof said);
        more = settings_change(from, &s->outcome, &setting, &owed);
        if (more != (option > 0) ||
            (more && (strcmp(said, owed.text) != 0 ||
                      fixed != (strncmp(said, "config reload not supported", 27) == 0)))) {
            fprintf(stderr, "%s\n%s\n", owed.text, more ? said : "");
            script_fail(s, "a change is not told as it must be");
        }
    } while (more);
}

void operator_rehearse(struct world *w) {
    static struct midge_config config, last;
    static struct outcome last_outcome;
    static uint64_t seed = UINT64_MAX;
    struct script *s = &script;
    script_begin(s, w);
    midge_config_defaults(&config);
    write_pages(s);
    read_pages(s, &config);
    if (s->wrong || s->kept)
        return;
    for (uint32_t flags = dice_below(s->dice, 4); flags > 0; flags--)
        dice_once_in(s->dice, 8) ? set_other_flag(s, &config) : set_flag(s, &config);
    if (!complete(s, &config))
        return;
    if (seed == w->seed)
        compare_changes(s, &last_outcome, &last, &config);
    seed = w->seed;
    last = config;
    last_outcome = s->outcome;
}
