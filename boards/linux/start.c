#include "boards/linux/start.h"

#include <errno.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "boards/linux/files.h"
#include "boards/linux/logfile.h"
#include "boards/linux/notify.h"
#include "boards/linux/settings.h"
#include "boards/linux/signals.h"
#include "port/port.h"

#define PAYLOAD_DISCOURAGED (8u << 20)

void start_prepare(void) {
    // A huge page for a table of which one entry is used would cost 2 MB.
    prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
    // The C library puts the names of time zones on the heap. It meets all of a year's here.
    tzset();
    for (time_t now = time(NULL), month = 0; month < 12; month++) {
        struct tm tm;
        time_t then = now + month * 30 * 24 * 3600;
        localtime_r(&then, &tm);
    }
}

static void open_log(const struct midge_config *config) {
    if (logfile_open(config))
        return;
    int error = errno;
    char stamp[32];
    time_t now = time(NULL);
    strftime(stamp, sizeof stamp, "%Y/%m/%d %H:%M:%S", localtime(&now));
    const char *path = midge_config_text(config, config->log_file);
    fprintf(stderr, "%s error opening file: open %s: %s\n", stamp, path, reason(error));
    exit(1);
}

static bool has_plain_password(const struct midge_config *config) {
    for (uint32_t i = 0; i < config->users_count; i++) {
        if (config->users[i].nkey == 0 && !midge_config_hashed(config, config->users[i].password))
            return true;
    }
    return config->password != 0 && !midge_config_hashed(config, config->password);
}

static void introduce(const struct midge *m, const struct midge_config *config,
                      const struct command *command) {
    const char *name = midge_config_text(config, config->server_name);
    logfile_say(MIDGE_INF, "Starting %s", command->name);
    logfile_say(MIDGE_INF, "  Version:  %s", MIDGE_NATS_VERSION);
    logfile_say(MIDGE_INF, "  Git:      [midge %s]", MIDGE_VERSION);
    logfile_say(MIDGE_INF, "  Name:     %s", name[0] != '\0' ? name : midge_id(m));
    logfile_say(MIDGE_INF, "  ID:       %s", midge_id(m));
    if (has_plain_password(config))
        logfile_say(MIDGE_WRN, "Plaintext passwords detected, use nkeys or bcrypt");
    if (command->config_file != NULL)
        logfile_say(MIDGE_INF, "Using configuration file: %s (%s)", command->config_file,
                    config->digest);
    if (config->max_payload > PAYLOAD_DISCOURAGED)
        logfile_say(MIDGE_WRN, "Maximum payloads over 8.00 MB are generally discouraged and could "
                               "lead to poor performance");
    settings_remark();
}

// ---- Ports --------------------------------------------------------------------------------------

// `host:port`, IPv6 in brackets. A port below 0 is any.
static const char *join(const char *host, int32_t port) {
    static char text[512];
    snprintf(text, sizeof text, strchr(host, ':') != NULL ? "[%s]:%d" : "%s:%d", host,
             port < 0 ? 0 : port);
    return text;
}

// Listens and answers the bound port, or writes why not into `failure` and answers 0.
static int32_t listen_on(enum midge_kind kind, const char *host, int32_t port, char failure[600]) {
    if (port < -1 || port > 65535) {
        snprintf(failure, 600, "listen tcp: address %d: invalid port", port);
        return 0;
    }
    int32_t bound = port_listen(kind, host, port);
    if (bound < 0)
        snprintf(failure, 600, "listen tcp %s: bind: %s", join(host, port), reason(-bound));
    return bound < 0 ? 0 : bound;
}

static int32_t open_monitoring(const struct midge_config *config) {
    char failure[600];
    const char *host = midge_config_text(config, config->http_host);
    bool secure = config->https_port != 0;
    if (config->http_port == 0 && !secure)
        return 0;
    if (config->http_port != 0 && secure)
        logfile_die("Can't start monitoring: can't specify both HTTP (%d) and HTTPs (%d) ports",
                    config->http_port, config->https_port);
    if (secure && !config->tls.enabled)
        logfile_die("Can't start monitoring: TLS cert and key required for HTTPS");
    int32_t port =
        listen_on(MIDGE_MONITOR, host, secure ? config->https_port : config->http_port, failure);
    if (port == 0)
        logfile_die("Can't start monitoring: can't listen to the monitor port: %s", failure);
    logfile_say(MIDGE_INF, "Starting %s monitor on %s", secure ? "https" : "http",
                join(host, port));
    return port;
}

static int32_t open_clients(const struct midge_config *config) {
    char failure[600];
    struct midge_address address;
    const char *host = midge_config_text(config, config->host);
    const char *advertise = midge_config_text(config, config->client_advertise);
    int32_t port = listen_on(MIDGE_CLIENT, host, config->port, failure);
    if (port == 0)
        logfile_die("Error listening on port: %s, \"%s\"", join(host, config->port), failure);
    logfile_say(MIDGE_INF, "Listening for client connections on %s", join(host, port));
    if (config->tls.enabled)
        logfile_say(MIDGE_INF, "TLS required for client connections");
    const char *wrong = midge_advertised(config, port, &address);
    if (wrong != NULL)
        logfile_die("Error setting server INFO with ClientAdvertise value of %s, err=address %s: "
                    "%s",
                    advertise, advertise, wrong);
    return port;
}

// Gives back the pages of code that the start has touched: most, such as the C library's for
// printing and for time zones, are hardly needed again, and the kernel maps anew what is.
static int drop_code(struct dl_phdr_info *object, size_t bytes, void *context) {
    (void)bytes;
    (void)context;
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    for (uint32_t i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &object->dlpi_phdr[i];
        uintptr_t begin = (object->dlpi_addr + part->p_vaddr) & ~(page - 1);
        uintptr_t end = object->dlpi_addr + part->p_vaddr + part->p_memsz;
        if (part->p_type == PT_LOAD && !(part->p_flags & PF_W))
            // The linker gives addresses as numbers. NOLINTNEXTLINE(performance-no-int-to-ptr)
            madvise((void *)begin, end - begin, MADV_DONTNEED);
    }
    return 0;
}

void start(struct midge *m, const struct command *command) {
    struct midge_config *config = settings();
    open_log(config);
    signals_catch();
    int32_t admitted = port_init(config->limits.connections);
    if (admitted < 0)
        logfile_die("Cannot wait for events: %s", reason(-admitted));
    if (!midge_init(m, config, port_now()))
        logfile_die("No entropy to be had");
    introduce(m, config, command);
    settings_admit((uint32_t)admitted);
    files_write_pid(config);
    int32_t http_port = open_monitoring(config);
    config->port = open_clients(config);
    files_write_ports(config, command->name, config->port, http_port);
    logfile_say(MIDGE_INF, "Server is ready");
    notify_ready();
    dl_iterate_phdr(drop_code, NULL);
}
