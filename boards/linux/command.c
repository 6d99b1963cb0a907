#include "boards/linux/command.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage_text[] =
    "Usage: %s [options]\n"
    "\n"
    "Where to listen\n"
    "    -a, --addr, --net <host>       address for clients; 0.0.0.0 is all of IPv4, :: of both\n"
    "    -p, --port <port>              port for clients, 4222; -1 takes any free one\n"
    "    -m, --http_port <port>         port for monitoring over HTTP, off without it\n"
    "   -ms, --https_port <port>        the same over TLS\n"
    "        --client_advertise <addr>  host[:port] that clients are told instead\n"
    "        --ports_file_dir <dir>     write the ports in use to <dir>/%s_<pid>.ports\n"
    "\n"
    "What it is and does\n"
    "    -n, --name, --server_name <name>\n"
    "                                   its name, else made up at each start\n"
    "    -c, --config <file>            read options from a file; flags go before it\n"
    "    -t                             only see that the file is valid\n"
    "    -P, --pid <file>               write the process id to a file\n"
    "    -sl,--signal <word>[=<pid>]    tell a running %s: reload, reopen (its log),\n"
    "                                   ldm (lame duck), term, quit or stop; <pid> is a process\n"
    "                                   id, one that ends in *, or a file that holds one\n"
    "\n"
    "Who may connect\n"
    "        --user <name>              with this name\n"
    "        --pass <password>          and this password\n"
    "        --auth <token>             or this token\n"
    "        --tls, --tlscert, --tlskey, --tlsverify, --tlscacert\n"
    "                                   over TLS: see --help_tls\n"
    "\n"
    "What it logs\n"
    "    -l, --log <file>               to a file, not to standard error\n"
    "        --log_size_limit <bytes>   start another file beyond so many bytes\n"
    "    -T, --logtime                  begin lines with the time, on unless =false\n"
    "        --logtime_utc              which is UTC's\n"
    "    -D, --debug                    what becomes of clients\n"
    "    -V, --trace                    what they say\n"
    "    -VV, -DV, -DVV                 all they say; both; both and all\n"
    "        --max_traced_msg_len <n>   so many bytes of a payload, else all\n"
    "\n"
    "    -h, --help                     show this\n"
    "    -v, --version                  show the version\n";

static const char tls_text[] =
    "With TLS, clients encrypt, and see by its certificate whom they talk to.\n"
    "\n"
    "        --tls                      with the two files below\n"
    "        --tlscert <file>           the certificate, and those that vouch for it, in PEM\n"
    "        --tlskey <file>            its key\n"
    "        --tlsverify                clients must have certificates too\n"
    "        --tlscacert <file>         that these authorities vouch for\n"
    "\n"
    "The block `tls` of a configuration file says more: see midge.conf(5).\n";

static void print_usage(const struct command *command) {
    putchar('\n');
    printf(usage_text, command->name, command->name, command->name);
}

static void print_version(void) {
    printf("nats-server: v%s\nmidge: v%s\n", MIDGE_NATS_VERSION, MIDGE_VERSION);
}

void command_fail(const struct command *command, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "%s: ", command->name);
    vfprintf(stderr, format, arguments);
    putc('\n', stderr);
    va_end(arguments);
    exit(1);
}

// A mistake in a flag. As with nats-server, it is shown how it should be, and the status is 0.
__attribute__((format(printf, 2, 3))) static _Noreturn void refuse(const struct command *command,
                                                                   const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    putc('\n', stderr);
    va_end(arguments);
    print_usage(command);
    exit(0);
}

// ---- Flags --------------------------------------------------------------------------------------

// One word of the command line that begins with a dash.
struct flag {
    char name[64];
    const char *value;  // after an `=`, or the word behind it, or NULL
};

// What the flags say that are no options of the configuration.
struct wishes {
    bool help, help_tls, version;
};

// Flags that stand for several options, by the flag of each.
static const struct {
    const char *name;
    const char *flags[3];
} bundles[] = {
    {"DV", {"D", "V"}},
    {"DVV", {"D", "VV"}},
};

static bool is(const struct flag *f, const char *a, const char *b) {
    return strcmp(f->name, a) == 0 || strcmp(f->name, b) == 0;
}

// Its value, from the word behind it if need be.
static const char *want_value(const struct command *command, struct flag *f, int *at) {
    if (f->value == NULL) {
        if (*at == command->argc)
            refuse(command, "flag needs an argument: -%s", f->name);
        f->value = command->argv[(*at)++];
    }
    return f->value;
}

static bool want_switch(const struct command *command, struct flag *f) {
    static const char *const words[] = {"1", "t", "T", "true",  "TRUE",  "True",
                                        "0", "f", "F", "false", "FALSE", "False"};
    if (f->value == NULL)
        return true;
    for (uint32_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(f->value, words[i]) == 0)
            return i < 6;
    }
    refuse(command, "invalid boolean value \"%s\" for -%s: parse error", f->value, f->name);
}

static void set_option(const struct command *command, const struct flag *f, const char *name,
                       struct midge_config *config) {
    int32_t option = midge_option_flag(name, (uint32_t)strlen(name));
    switch (midge_option_set(config, option, f->value)) {
    case MIDGE_ERR_INVALID:
        refuse(command,
               midge_option_switch(option) ? "invalid boolean value \"%s\" for -%s: parse error"
                                           : "invalid value \"%s\" for flag -%s: parse error",
               f->value, f->name);
    case MIDGE_ERR_UNBUILT:
        command_fail(command, "flag -%s is not built into this midge yet", f->name);
    case MIDGE_ERR_FULL:
        command_fail(command, "flag -%s is too long", f->name);
    }
}

static void read_flag(struct command *command, struct flag *f, int *at, struct midge_config *config,
                      struct wishes *wishes) {
    for (uint32_t i = 0; i < sizeof bundles / sizeof bundles[0]; i++) {
        if (strcmp(f->name, bundles[i].name) != 0)
            continue;
        f->value = want_switch(command, f) ? "true" : "false";
        for (const char *const *name = bundles[i].flags; *name != NULL; name++)
            set_option(command, f, *name, config);
        return;
    }
    int32_t option = midge_option_flag(f->name, (uint32_t)strlen(f->name));
    if (option >= 0) {
        if (!midge_option_switch(option))
            want_value(command, f, at);
        else if (f->value == NULL)
            f->value = "true";
        set_option(command, f, f->name, config);
    } else if (is(f, "c", "config")) {
        command->config_file = want_value(command, f, at);
    } else if (is(f, "sl", "signal")) {
        command->signal = want_value(command, f, at);
    } else if (is(f, "t", "t")) {
        command->test = want_switch(command, f);
    } else if (is(f, "h", "help")) {
        wishes->help = want_switch(command, f);
    } else if (is(f, "v", "version")) {
        wishes->version = want_switch(command, f);
    } else if (is(f, "help_tls", "help_tls")) {
        wishes->help_tls = want_switch(command, f);
    } else {
        refuse(command, "flag provided but not defined: -%s", f->name);
    }
}

// Reads flags up to the first word that is none; answers where that is.
static int read_flags(struct command *command, struct midge_config *config, struct wishes *wishes) {
    int at = 1;
    while (at < command->argc) {
        const char *text = command->argv[at];
        if (text[0] != '-' || text[1] == '\0')
            break;
        at++;
        if (strcmp(text, "--") == 0)
            break;
        const char *name = text + (text[1] == '-' ? 2 : 1);
        size_t n = strcspn(name, "=");
        struct flag f = {.value = name[n] == '=' ? name + n + 1 : NULL};
        if (n == 0 || name[0] == '-')
            refuse(command, "bad flag syntax: %s", text);
        snprintf(f.name, sizeof f.name, "%.*s", (int)n, name);
        read_flag(command, &f, &at, config, wishes);
    }
    return at;
}

void command_read(struct command *command, int argc, char **argv, struct midge_config *config) {
    struct wishes wishes = {false};
    const char *slash = strrchr(argv[0], '/');
    *command =
        (struct command){.name = slash != NULL ? slash + 1 : argv[0], .argc = argc, .argv = argv};
    int rest = read_flags(command, config, &wishes);
    const char *word = rest < argc ? argv[rest] : "";
    if (wishes.version || strcasecmp(word, "version") == 0) {
        print_version();
        exit(0);
    }
    if (wishes.help || strcasecmp(word, "help") == 0) {
        print_usage(command);
        exit(0);
    }
    if (wishes.help_tls) {
        fputs(tls_text, stdout);
        exit(0);
    }
    if (word[0] != '\0')
        command_fail(command, "unrecognized command: \"%s\"", word);
    if (command->test && command->config_file == NULL)
        command_fail(command,
                     "must specify [-c, --config] option to check configuration file syntax");
}

void command_apply(const struct command *command, struct midge_config *config) {
    struct command again = *command;
    struct wishes wishes;
    read_flags(&again, config, &wishes);
}
