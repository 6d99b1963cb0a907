// The serial console's ring. Nothing waits for the serial port: it is given what it has room for
// when something is written and before the chip sleeps.

#include "hal/parts.h"

#ifndef HAL_CONSOLE_BYTES
#define HAL_CONSOLE_BYTES 512  // a power of two; a few log lines
#endif

static char ring[HAL_CONSOLE_BYTES];
static uint32_t written, sent, dropped;

void console_drain(void) {
    while (sent != written && uart_send((uint8_t)ring[sent % sizeof ring]))
        sent++;
}

void hal_console_write(const char *bytes, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) {
        if (written - sent == sizeof ring)
            console_drain();
        if (written - sent == sizeof ring)
            dropped++;
        else
            ring[written++ % sizeof ring] = bytes[i];
    }
    console_drain();
}

int32_t hal_console_read(void) {
    return uart_receive();
}

uint32_t hal_console_dropped(void) {
    return dropped;
}
