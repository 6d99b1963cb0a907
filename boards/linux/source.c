#include "boards/linux/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "boards/linux/logfile.h"
#include "boards/linux/sha256.h"

#define FILES_MAX 256
#define PATH_BYTES 4096

static struct file {
    char name[PATH_BYTES];
    char *text;
    size_t bytes, mapped;
} files[FILES_MAX];

static uint32_t files_count;

static const char *failure(const char *verb, const char *path, int error) {
    static char text[PATH_BYTES + 128];
    snprintf(text, sizeof text, "%s %s: %s", verb, path, reason(error));
    return text;
}

// Reads all of it, whatever its size was said to be: it may be a pipe.
static int read_all(int fd, struct file *f) {
    struct stat stat;
    if (fstat(fd, &stat) != 0)
        return errno;
    f->bytes = 0;
    f->mapped = (size_t)stat.st_size + 4096;
    f->text = mmap(NULL, f->mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (f->text == MAP_FAILED)
        return errno;
    for (ssize_t n; (n = read(fd, f->text + f->bytes, f->mapped - f->bytes)) != 0;) {
        if (n < 0 && errno == EINTR)
            continue;
        int error = errno;
        void *moved = MAP_FAILED;
        if (n > 0) {
            f->bytes += (size_t)n;
            if (f->bytes < f->mapped)
                continue;
            moved = mremap(f->text, f->mapped, 2 * f->mapped, MREMAP_MAYMOVE);
            error = errno;
        }
        if (moved == MAP_FAILED) {
            munmap(f->text, f->mapped);
            return error;
        }
        f->text = moved;
        f->mapped *= 2;
    }
    return 0;
}

const char *source_read(const char *path, struct midge_source *found) {
    uint32_t i = 0;
    while (i < files_count && strcmp(files[i].name, path) != 0)
        i++;
    struct file *f = &files[i];
    if (i == files_count) {
        size_t n = strlen(path);
        if (i == FILES_MAX || n >= sizeof f->name)
            return failure("open", path, i == FILES_MAX ? EMFILE : ENAMETOOLONG);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            return failure("open", path, errno);
        int error = read_all(fd, f);
        close(fd);
        if (error != 0)
            return failure("read", path, error);
        memcpy(f->name, path, n + 1);
        files_count++;
    }
    *found = (struct midge_source){f->name, f->text, (uint32_t)f->bytes};
    return NULL;
}

// Joins the folder of `from` and a path, and takes out `.`, `..` and doubled slashes. False where
// the result is too long.
static bool join(char *to, size_t max, const char *from, const char *path, uint32_t path_bytes) {
    char whole[2 * PATH_BYTES];
    const char *slash = strrchr(from, '/');
    int folder = slash != NULL ? (int)(slash - from) + 1 : 0;
    int n = snprintf(whole, sizeof whole, "%.*s/%.*s", folder, from, (int)path_bytes, path);
    if (n < 0 || (size_t)n >= sizeof whole || (size_t)n >= max)
        return false;
    bool rooted = folder > 0 && from[0] == '/';
    size_t bytes = 0;
    size_t fixed = 0;  // the part that `..` cannot take away
    to[0] = '\0';
    for (char *rest = whole, *part; (part = strsep(&rest, "/")) != NULL;) {
        bool up = strcmp(part, "..") == 0;
        if (*part == '\0' || strcmp(part, ".") == 0 || (up && rooted && bytes == 0))
            continue;
        if (up && bytes > fixed) {
            while (bytes > fixed && to[--bytes] != '/')
                ;
        } else {
            if (bytes > 0 || rooted)
                to[bytes++] = '/';
            bytes += (size_t)sprintf(to + bytes, "%s", part);
            if (up)
                fixed = bytes;
        }
        to[bytes] = '\0';
    }
    if (bytes == 0)
        memcpy(to, rooted ? "/" : ".", 2);
    return true;
}

const char *source_include(void *context, const char *from, const char *path, uint32_t path_bytes,
                           struct midge_source *found) {
    (void)context;
    char name[PATH_BYTES];
    if (!join(name, sizeof name, from, path, path_bytes))
        return failure("open", from, ENAMETOOLONG);
    return source_read(name, found);
}

const char *source_variable(void *context, const char *name, uint32_t name_bytes) {
    (void)context;
    char text[256];
    if (name_bytes >= sizeof text)
        return NULL;
    memcpy(text, name, name_bytes);
    text[name_bytes] = '\0';
    return getenv(text);
}

void source_digest(char *text, uint32_t max) {
    struct sha256 sha;
    uint8_t digest[32];
    sha256_begin(&sha);
    for (uint32_t i = 0; i < files_count; i++)
        sha256_add(&sha, files[i].text, files[i].bytes);
    sha256_end(&sha, digest);
    int n = snprintf(text, max, "sha256:");
    for (uint32_t i = 0; i < sizeof digest; i++)
        n += snprintf(text + n, max - (uint32_t)n, "%02x", digest[i]);
}

uint32_t source_count(void) {
    return files_count;
}

void source_forget(uint32_t count) {
    while (files_count > count) {
        struct file *f = &files[--files_count];
        explicit_bzero(f->text, f->bytes);
        munmap(f->text, f->mapped);
    }
}

void source_release(void) {
    source_forget(0);
}
