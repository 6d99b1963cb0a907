// Secrets: compared in a time that does not tell where they differ, and wiped once they have
// served.

#ifndef CORE_SECRET_H
#define CORE_SECRET_H

#include <stdbool.h>
#include <stdint.h>

// Whether what was given equals a secret; takes as long for a wrong first byte as for a wrong last.
bool secret_same(const char *secret, uint32_t secret_bytes, const uint8_t *given,
                 uint32_t given_bytes);

// Overwrites bytes that are not read again, which a compiler would otherwise leave as they are.
void secret_wipe(void *bytes, uint32_t n);

#endif
