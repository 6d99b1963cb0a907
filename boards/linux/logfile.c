#include "boards/linux/logfile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PATH_BYTES 4096

static struct {
    int fd;
    bool to_file, colours, with_time, utc;
    uint64_t bytes;      // in the file
    uint64_t limit;      // where it is rotated, 0 never
    uint32_t files_max;  // kept, the present one included; 0 all
    time_t second;       // that `stamp` is of
    char stamp[32];
    uint32_t pending;  // bytes in the buffer
} out = {.fd = STDERR_FILENO, .with_time = true};

static char file_path[PATH_BYTES];
static char buffer[32768];

const char *reason(int error) {
    static char text[128];
    snprintf(text, sizeof text, "%s", strerror(error));
    if (text[0] >= 'A' && text[0] <= 'Z' && !(text[1] >= 'A' && text[1] <= 'Z'))
        text[0] |= 0x20;
    return text;
}

// ---- Lines --------------------------------------------------------------------------------------

static void flush(void) {
    for (uint32_t done = 0; done < out.pending;) {
        ssize_t n = write(out.fd, buffer + done, out.pending - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            break;
        done += (uint32_t)n;
        out.bytes += (uint64_t)n;
    }
    out.pending = 0;
}

static void append(const char *bytes, size_t n) {
    if (n > sizeof buffer - out.pending)
        flush();
    if (n > sizeof buffer)
        n = sizeof buffer;
    memcpy(buffer + out.pending, bytes, n);
    out.pending += (uint32_t)n;
}

// The time of day is worked out once a second: the rest of a line costs little beside it.
static void append_time(void) {
    struct timespec now;
    char text[48];
    clock_gettime(CLOCK_REALTIME, &now);
    if (now.tv_sec != out.second) {
        struct tm tm;
        out.second = now.tv_sec;
        if (out.utc)
            gmtime_r(&now.tv_sec, &tm);
        else
            localtime_r(&now.tv_sec, &tm);
        strftime(out.stamp, sizeof out.stamp, "%Y/%m/%d %H:%M:%S", &tm);
    }
    int n = snprintf(text, sizeof text, "%s.%06ld ", out.stamp, now.tv_nsec / 1000);
    append(text, (size_t)n);
}

static void append_line(enum midge_level level, const char *text, size_t n) {
    static const struct {
        const char *label, *colour;
    } levels[] = {
        [MIDGE_INF] = {"INF", "32"}, [MIDGE_DBG] = {"DBG", "36"}, [MIDGE_WRN] = {"WRN", "0;93"},
        [MIDGE_ERR] = {"ERR", "31"}, [MIDGE_FTL] = {"FTL", "31"}, [MIDGE_TRC] = {"TRC", "33"},
    };
    char head[48];
    int head_bytes = snprintf(head, sizeof head, "[%d] ", (int)getpid());
    append(head, (size_t)head_bytes);
    if (out.with_time)
        append_time();
    head_bytes = snprintf(head, sizeof head, out.colours ? "[\x1b[%2$sm%1$s\x1b[0m] " : "[%1$s] ",
                          levels[level].label, levels[level].colour);
    append(head, (size_t)head_bytes);
    append(text, n);
    append("\n", 1);
}

// Appends a line. What is too long is cut.
static void append_format(enum midge_level level, const char *format, va_list arguments) {
    char text[MIDGE_LOG_LINE_BYTES];
    size_t n = (size_t)vsnprintf(text, sizeof text, format, arguments);
    append_line(level, text, n < sizeof text ? n : sizeof text - 1);
}

// ---- The file -----------------------------------------------------------------------------------

static int open_file(const char *path) {
    return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
}

static void use_file(int fd) {
    struct stat stat;
    flush();
    if (out.to_file)
        close(out.fd);
    out.fd = fd;
    out.bytes = fstat(fd, &stat) == 0 ? (uint64_t)stat.st_size : 0;
}

// Whether `name` is that of the log followed by the time of its rotation,
// 2006.01.02.03.04.05.000000006.
static bool is_backup(const char *name, const char *log) {
    size_t n = strlen(log);
    if (strncmp(name, log, n) != 0 || name[n] != '.')
        return false;
    const char *form = "0000.00.00.00.00.00.000000000";
    for (name += n + 1; *form != '\0' && *name != '\0'; form++, name++) {
        if ((*form == '.') != (*name == '.') || (*form == '0' && (*name < '0' || *name > '9')))
            return false;
    }
    return *form == *name;
}

// Finds the oldest backup, whose name comes first in the order of bytes, and counts them all.
static uint32_t find_oldest(int directory, const char *log, char oldest[256]) {
    static _Alignas(8) char entries[8192];
    uint32_t count = 0;
    oldest[0] = '\0';
    lseek(directory, 0, SEEK_SET);
    for (ssize_t n; (n = getdents64(directory, entries, sizeof entries)) > 0;) {
        for (ssize_t at = 0; at < n;) {
            const struct dirent64 *entry = (const struct dirent64 *)(entries + at);
            at += entry->d_reclen;
            if (!is_backup(entry->d_name, log))
                continue;
            count++;
            if (oldest[0] == '\0' || strcmp(entry->d_name, oldest) < 0)
                snprintf(oldest, 256, "%.255s", entry->d_name);
        }
    }
    return count;
}

// Says something of the file itself.
__attribute__((format(printf, 1, 2))) static void note(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    append_format(MIDGE_INF, format, arguments);
    va_end(arguments);
}

// Removes the oldest backups beyond what is kept.
static void purge(void) {
    char folder[PATH_BYTES];
    char oldest[256];
    snprintf(folder, sizeof folder, "%s", file_path);
    char *slash = strrchr(folder, '/');
    const char *name = slash != NULL ? slash + 1 : folder;
    if (slash != NULL)
        *slash = '\0';
    int directory = open(slash == NULL     ? "."
                         : slash == folder ? "/"
                                           : folder,
                         O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        return;
    while (find_oldest(directory, name, oldest) > out.files_max - 1) {
        if (unlinkat(directory, oldest, 0) != 0)
            break;
        note("Purged log file \"%s\"", oldest);
    }
    close(directory);
}

static void rotate(void) {
    char backup[PATH_BYTES + 64];
    struct timespec now;
    struct tm tm;
    clock_gettime(CLOCK_REALTIME, &now);
    localtime_r(&now.tv_sec, &tm);
    size_t n = (size_t)snprintf(backup, sizeof backup, "%s", file_path);
    n += strftime(backup + n, sizeof backup - n, ".%Y.%m.%d.%H.%M.%S", &tm);
    snprintf(backup + n, sizeof backup - n, ".%09ld", now.tv_nsec);
    if (rename(file_path, backup) != 0)
        return;
    int fd = open_file(file_path);
    if (fd < 0)
        return;
    use_file(fd);
    note("Rotated log, backup saved as \"%s\"", backup);
    if (out.files_max > 0)
        purge();
}

static void write_out(void) {
    flush();
    if (out.to_file && out.limit > 0 && out.bytes > out.limit) {
        rotate();
        flush();
    }
}

// ---- Used by the rest ---------------------------------------------------------------------------

bool logfile_open(const struct midge_config *config) {
    const char *path = midge_config_text(config, config->log_file);
    struct stat stat;
    if (path[0] != '\0') {
        int fd = open_file(path);
        if (fd < 0)
            return false;
        use_file(fd);
        out.to_file = true;
        snprintf(file_path, sizeof file_path, "%s", path);
    } else if (out.to_file) {
        use_file(STDERR_FILENO);
        out.to_file = false;
    }
    out.colours = !out.to_file && fstat(STDERR_FILENO, &stat) == 0 && S_ISCHR(stat.st_mode);
    out.with_time = config->logtime;
    out.utc = config->logtime_utc;
    out.second = 0;
    out.limit = config->log_size_limit;
    out.files_max = config->log_max_num;
    return true;
}

bool logfile_reopen(void) {
    if (!out.to_file) {
        logfile_say(MIDGE_INF, "File log re-open ignored, not a file logger");
        return true;
    }
    int fd = open_file(file_path);
    if (fd < 0)
        return false;
    use_file(fd);
    logfile_say(MIDGE_INF, "File log re-opened");
    return true;
}

void logfile_say(enum midge_level level, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    append_format(level, format, arguments);
    va_end(arguments);
    write_out();
}

void logfile_die(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    append_format(MIDGE_FTL, format, arguments);
    va_end(arguments);
    write_out();
    exit(1);
}

void logfile_drain(struct midge *m) {
    static char text[MIDGE_LOG_LINE_BYTES];
    enum midge_level level;
    for (uint32_t n; (n = midge_log(m, &level, text, sizeof text)) > 0;)
        append_line(level, text, n);
    if (out.pending > 0)
        write_out();
}
