// Preloaded into a process, counts its heap calls in a file that a test reads: $HEAP_COUNT, mapped,
// a 64-bit number of calls. Each call is still served, by glibc's own entry points. The constructor
// makes the first call itself, so that a count of zero means that the shim was never loaded.

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *memory);

static _Atomic uint64_t early;
static _Atomic uint64_t *calls = &early;  // until the file is mapped

__attribute__((constructor)) static void map_count(void) {
    const char *path = getenv("HEAP_COUNT");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    void *page = mmap(NULL, sizeof *calls, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (page == MAP_FAILED)
        return;
    calls = page;
    atomic_fetch_add(calls, early + 1);
}

void *malloc(size_t size) {
    atomic_fetch_add(calls, 1);
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    atomic_fetch_add(calls, 1);
    return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size) {
    atomic_fetch_add(calls, 1);
    return __libc_realloc(old, size);
}

void *memalign(size_t alignment, size_t size) {
    atomic_fetch_add(calls, 1);
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    return memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size) {
    *memory = memalign(alignment, size);
    return *memory ? 0 : ENOMEM;
}

// To free nothing is no use of the heap.
void free(void *memory) {
    if (memory)
        atomic_fetch_add(calls, 1);
    __libc_free(memory);
}
