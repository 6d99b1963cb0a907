#include "boards/linux/files.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "boards/linux/logfile.h"

#define PATH_BYTES 4096

static const char *program = "";
static int32_t port, http_port;  // as bound, 0 for none

// Writes a file whole; 0 or an errno.
static int write_file(const char *path, mode_t mode, const char *content) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    if (fd < 0)
        return errno;
    int error = write(fd, content, strlen(content)) < 0 ? errno : 0;
    close(fd);
    return error;
}

// ---- The process id -----------------------------------------------------------------------------

static int write_pid(const char *path) {
    char digits[16];
    snprintf(digits, sizeof digits, "%d", (int)getpid());
    return write_file(path, 0660, digits);
}

void files_write_pid(const struct midge_config *config) {
    const char *path = midge_config_text(config, config->pid_file);
    int error = path[0] != '\0' ? write_pid(path) : 0;
    if (error != 0)
        logfile_die("Could not write pidfile: open %s: %s", path, reason(error));
}

// ---- The ports ----------------------------------------------------------------------------------

static char text[8192];  // what the file says

__attribute__((format(printf, 1, 2))) static void add(const char *format, ...) {
    size_t n = strlen(text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text + n, sizeof text - n, format, arguments);
    va_end(arguments);
}

static void add_address(const char *scheme, const struct sockaddr *address, int32_t at_port) {
    char host[INET6_ADDRSTRLEN];
    bool six = address->sa_family == AF_INET6;
    const void *bytes = six ? (const void *)&((const struct sockaddr_in6 *)address)->sin6_addr
                            : (const void *)&((const struct sockaddr_in *)address)->sin_addr;
    inet_ntop(address->sa_family, bytes, host, sizeof host);
    add(six ? "%s\"%s://[%s]:%d\"" : "%s\"%s://%s:%d\"", text[strlen(text) - 1] == '[' ? "" : ",",
        scheme, host, at_port);
}

// Every address of the machine, as nats-server lists them for an address that stands for all.
static void add_interfaces(const char *scheme, int32_t at_port) {
    struct ifaddrs *list;
    if (getifaddrs(&list) != 0)
        return;
    for (struct ifaddrs *i = list; i != NULL; i = i->ifa_next) {
        if (i->ifa_addr != NULL &&
            (i->ifa_addr->sa_family == AF_INET || i->ifa_addr->sa_family == AF_INET6))
            add_address(scheme, i->ifa_addr, at_port);
    }
    freeifaddrs(list);
}

static bool is_any(const struct sockaddr *address) {
    static const struct in6_addr any;
    if (address->sa_family == AF_INET6)
        return memcmp(&((const struct sockaddr_in6 *)address)->sin6_addr, &any, sizeof any) == 0;
    return ((const struct sockaddr_in *)address)->sin_addr.s_addr == 0;
}

static void add_list(const char *name, const char *scheme, const char *host, int32_t at_port) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    if (at_port == 0)
        return;
    add("%s\"%s\":[", text[1] == '\0' ? "" : ",", name);
    if (getaddrinfo(host, NULL, &hints, &found) == 0) {
        if (is_any(found->ai_addr))
            add_interfaces(scheme, at_port);
        else
            add_address(scheme, found->ai_addr, at_port);
        freeaddrinfo(found);
    }
    add("]");
}

static void ports_path(const char *directory, char path[PATH_BYTES]) {
    snprintf(path, PATH_BYTES, "%s/%s_%d.ports", directory, program, (int)getpid());
}

static void write_ports(const struct midge_config *config) {
    char path[PATH_BYTES];
    strcpy(text, "{");
    add_list("nats", "nats", midge_config_text(config, config->host), port);
    add_list("monitoring", config->https_port != 0 ? "https" : "http",
             midge_config_text(config, config->http_host), http_port);
    add("}");
    ports_path(midge_config_text(config, config->ports_file_dir), path);
    int error = write_file(path, 0666, text);
    if (error != 0)
        logfile_say(MIDGE_ERR, "Error writing ports file (%s): open %s: %s", path, path,
                    reason(error));
}

static void remove_ports(const struct midge_config *config) {
    char path[PATH_BYTES];
    ports_path(midge_config_text(config, config->ports_file_dir), path);
    if (unlink(path) != 0)
        logfile_say(MIDGE_ERR, "Error cleaning up ports file %s: remove %s: %s", path, path,
                    reason(errno));
}

void files_write_ports(const struct midge_config *config, const char *name, int32_t bound,
                       int32_t http_bound) {
    program = name;
    port = bound;
    http_port = http_bound;
    if (config->ports_file_dir != 0)
        write_ports(config);
}

// ---- Reload and end -----------------------------------------------------------------------------

void files_reload(const struct midge_config *from, const struct midge_config *to) {
    const char *pid_file = midge_config_text(to, to->pid_file);
    if (pid_file[0] != '\0' && strcmp(pid_file, midge_config_text(from, from->pid_file)) != 0) {
        int error = write_pid(pid_file);
        if (error != 0)
            logfile_say(MIDGE_ERR, "Could not write pidfile: open %s: %s", pid_file, reason(error));
    }
    if (strcmp(midge_config_text(from, from->ports_file_dir),
               midge_config_text(to, to->ports_file_dir)) == 0)
        return;
    if (from->ports_file_dir != 0)
        remove_ports(from);
    if (to->ports_file_dir != 0)
        write_ports(
            to);  // the one use of the heap after the start: the C library lists interfaces so
}

void files_remove(const struct midge_config *config) {
    if (config->ports_file_dir != 0)
        remove_ports(config);
}
