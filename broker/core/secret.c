#include "broker/core/secret.h"

bool secret_same(const char *secret, uint32_t secret_bytes, const uint8_t *given,
                 uint32_t given_bytes) {
    volatile uint32_t differ = secret_bytes ^ given_bytes;
    for (uint32_t i = 0; i < given_bytes; i++)
        differ |= (uint8_t)secret[secret_bytes > 0 ? i % secret_bytes : 0] ^ given[i];
    return differ == 0;
}

void secret_wipe(void *bytes, uint32_t n) {
    for (volatile uint8_t *p = bytes; n > 0; n--)
        *p++ = 0;
}
