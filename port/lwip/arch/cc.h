// What lwIP asks of the compiler and the platform. It needs nothing of the C library but memcpy and
// its kin.

#ifndef MIDGE_LWIP_CC_H
#define MIDGE_LWIP_CC_H

#include <stdint.h>

#ifndef BYTE_ORDER
#define BYTE_ORDER __BYTE_ORDER__
#endif

// lwIP's assertions are bugs like our own; their texts cost flash and are left out.
_Noreturn void midge_panic(const char *file, int line);
#define LWIP_PLATFORM_ASSERT(text) midge_panic(__FILE__, __LINE__)
#define LWIP_PLATFORM_DIAG(text) \
    do {                         \
    } while (0)

// Initial sequence numbers and transaction ids cannot be guessed: see port/lwip.c.
uint32_t port_random(void);
#define LWIP_RAND() port_random()
#define LWIP_HOOK_TCP_ISN(local, local_port, remote, remote_port) port_random()

#endif
