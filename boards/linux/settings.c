#include "boards/linux/settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boards/linux/files.h"
#include "boards/linux/logfile.h"
#include "boards/linux/source.h"
#include "port/port.h"

static struct midge_config configs[2];
static struct midge_config *config = &configs[0];

struct midge_config *settings(void) {
    return config;
}

// ---- Complaints ---------------------------------------------------------------------------------

// What was said while a configuration was read, by severity. Each line of a list ends in a line
// end; an error without a place stands alone and does not: command_fail prints one behind either,
// as nats-server does.
static struct report { char text[MIDGE_ERROR + 1][16384]; } report;

// Whether a complaint begins with `file:line:column: `.
static bool has_place(const char *line) {
    const char *colon = strstr(line, ": ");
    for (int numbers = 0; colon != NULL && numbers < 2; numbers++) {
        const char *digits = colon;
        while (digits > line && digits[-1] >= '0' && digits[-1] <= '9')
            digits--;
        if (digits == colon || digits == line || digits[-1] != ':')
            return false;
        colon = digits - 1;
    }
    return colon != NULL;
}

static void complain(void *context, enum midge_severity severity, const char *line) {
    struct report *r = context;
    char *text = r->text[severity];
    size_t n = strlen(text);
    bool alone = severity == MIDGE_ERROR && !has_place(line);
    snprintf(text + n, sizeof r->text[severity] - n, "%s%s", line, alone ? "" : "\n");
}

// A file whose name is a text of the configuration; none is none.
static const char *read_text(const struct midge_config *c, midge_text name, struct port_text *to) {
    struct midge_source file;
    if (name == 0)
        return NULL;
    const char *wrong = source_read(midge_config_text(c, name), &file);
    if (wrong == NULL)
        *to = (struct port_text){file.text, file.bytes};
    return wrong;
}

static const char *read_pair(const struct midge_config *c, const struct midge_tls_pair *names,
                             struct port_pair *to) {
    const char *wrong = read_text(c, names->cert_file, &to->chain);
    return wrong != NULL ? wrong : read_text(c, names->key_file, &to->key);
}

// Sees whether the files of `tls` are of use, with a set of certificates made of them that a reload
// or the start puts in force.
static const char *secure(void *context, const struct midge_config *c,
                          const struct midge_tls_options *tls) {
    (void)context;
    struct port_pair pairs[MIDGE_TLS_CERTS_MAX] = {{{NULL, 0}, {NULL, 0}}};
    struct port_text authorities = {NULL, 0};
    static char failure[8192];
    uint32_t others = source_count();
    const char *wrong = NULL;
    if (tls->pairs_count == 0) {
        const struct midge_tls_pair only = {tls->cert_file, tls->key_file};
        wrong = read_pair(c, &only, &pairs[0]);
        if (wrong != NULL) {
            snprintf(failure, sizeof failure, "error parsing X509 certificate/key pair: %s", wrong);
            wrong = failure;
        }
    }
    for (uint32_t i = 0; i < tls->pairs_count && wrong == NULL; i++) {
        wrong = read_pair(c, &tls->pairs[i], &pairs[i]);
        if (wrong != NULL) {
            snprintf(failure, sizeof failure, "error parsing X509 certificate/key pair %u/%u: %s",
                     i + 1, tls->pairs_count, wrong);
            wrong = failure;
        }
    }
    if (wrong == NULL)
        wrong = read_text(c, tls->ca_file, &authorities);
    if (wrong == NULL)
        wrong = port_certify(
            PORT_LISTENERS, tls,
            &(struct port_certificates){pairs[0].chain, pairs[0].key, authorities, pairs + 1,
                                        tls->pairs_count > 0 ? tls->pairs_count - 1 : 0,
                                        tls->pairs_count > 0});
    source_forget(others);
    return wrong;
}

static const struct midge_reading reading = {
    .complain = complain,
    .secure = secure,
    .include = source_include,
    .variable = source_variable,
    .context = &report,
};

static void forget(void) {
    for (uint32_t i = 0; i <= MIDGE_ERROR; i++)
        report.text[i][0] = '\0';
}

void settings_remark(void) {
    char *rest = report.text[MIDGE_REMARK];
    for (char *line; (line = strsep(&rest, "\n")) != NULL && line[0] != '\0';)
        logfile_say(MIDGE_WRN, "%s", line);
    if (config->syslog)
        logfile_say(MIDGE_WRN, "syslog is not written to: what is logged goes to %s",
                    config->log_file != 0 ? "the log file" : "standard error");
}

// ---- What the system admits ---------------------------------------------------------------------

static uint32_t admitted = UINT32_MAX;

static void lower_connections(struct midge_config *c) {
    if (c->max_connections <= admitted)
        return;
    logfile_say(MIDGE_WRN,
                "max_connections of %u is more than the system's limit of open files admits: "
                "lowered to %u",
                c->max_connections, admitted);
    c->max_connections = admitted;
}

void settings_admit(uint32_t connections) {
    admitted = connections;
    lower_connections(config);
}

// ---- Reading ------------------------------------------------------------------------------------

// Reads the file, if there is one, and the flags again over it. NULL, or the reason why not.
static const char *read_file(struct midge_config *into, const struct command *command) {
    struct midge_source source;
    forget();
    into->entropy = port_entropy;
    into->verify = port_verify;
    into->sign = port_sign;
    into->loaded_wall_us = port_now().wall_us;
    if (command->config_file == NULL)
        return NULL;
    const char *failure = source_read(command->config_file, &source);
    if (failure == NULL && !midge_configure(into, &source, &reading))
        failure = report.text[MIDGE_ERROR];
    if (failure == NULL) {
        source_digest(into->digest, sizeof into->digest);
        command_apply(command, into);
    }
    source_release();
    return failure;
}

// -t: says whether the file is valid. nats-server does not look at more than that.
static _Noreturn void test(const struct command *command, const char *failure) {
    if (failure == NULL && report.text[MIDGE_WARNING][0] != '\0')
        failure = "";
    if (failure != NULL)
        command_fail(command, "%s%s", report.text[MIDGE_WARNING], failure);
    fprintf(stderr, "%s: configuration file %s is valid (%s)\n", command->name,
            command->config_file, config->digest);
    exit(0);
}

void settings_load(struct command *command, int argc, char **argv) {
    midge_config_defaults(config);
    command_read(command, argc, argv, config);
    if (command->signal != NULL)
        return;
    const char *failure = read_file(config, command);
    if (command->test)
        test(command, failure);
    if (failure != NULL)
        command_fail(command, "%s%s", report.text[MIDGE_WARNING], failure);
    fputs(report.text[MIDGE_WARNING], stderr);
    if (!midge_config_complete(config, &reading))
        command_fail(command, "%s", report.text[MIDGE_ERROR]);
    if (config->tls.enabled)
        port_certified();
}

// ---- Reload -------------------------------------------------------------------------------------

static const char *compare(const struct midge_config *next) {
    static char line[MIDGE_LOG_LINE_BYTES];
    bool fixed = false;
    for (int32_t i = 0;
         (i = midge_config_change(config, next, i, &fixed, line, sizeof line)) != 0;) {
        if (fixed)
            return line;
    }
    for (int32_t i = 0; (i = midge_config_change(config, next, i, &fixed, line, sizeof line)) != 0;)
        logfile_say(MIDGE_INF, "%s", line);
    return NULL;
}

// What is wrong with the address that clients are told of, or NULL.
static const char *check_advertised(const struct midge_config *next) {
    static char text[512];
    struct midge_address address;
    const char *value = midge_config_text(next, next->client_advertise);
    const char *wrong = midge_advertised(next, next->port, &address);
    if (wrong == NULL)
        return NULL;
    snprintf(text, sizeof text, "invalid ClientAdvertise value of %s, err=address %s: %s", value,
             value, wrong);
    return text;
}

static const char *prepare(struct midge_config *next, const struct command *command) {
    if (command->config_file == NULL)
        return "can only reload config when a file is provided using -c or --config";
    midge_config_defaults(next);
    const char *failure = read_file(next, command);
    if (failure == NULL && !midge_config_complete(next, &reading))
        failure = report.text[MIDGE_ERROR];
    if (failure != NULL)
        return failure;
    if (next->port == -1)
        next->port = config->port;
    failure = check_advertised(next);
    if (failure != NULL)
        return failure;
    lower_connections(next);
    return compare(next);
}

void settings_reload(struct midge *m, const struct command *command) {
    struct midge_config *next = &configs[config == &configs[0]];
    const char *failure = prepare(next, command);
    if (failure != NULL) {
        size_t n = strlen(failure);
        while (n > 0 && failure[n - 1] == '\n')
            n--;
        logfile_say(MIDGE_ERR, "Failed to reload server configuration: %.*s", (int)n, failure);
        return;
    }
    files_reload(config, next);
    if (next->tls.enabled)
        port_certified();
    if (!logfile_open(next))
        logfile_say(MIDGE_ERR, "Could not open the log file: %s", reason(errno));
    midge_reload(m, next);
    config = next;
    logfile_drain(m);
    logfile_say(MIDGE_INF, "Reloaded server configuration (%s)", config->digest);
    settings_remark();
}
