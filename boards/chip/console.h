// Log lines on the serial console: seconds since reset, the level as nats-server writes it, and the
// text.

#ifndef CHIP_CONSOLE_H
#define CHIP_CONSOLE_H

#include "broker/broker.h"

// Makes a line of pieces, cut to what it can hold; one at a time.
void console_begin(enum midge_level level);
void console_bytes(const char *bytes, uint32_t n);
void console_text(const char *text);
void console_number(uint32_t number, uint32_t base);
void console_end(void);

// A line of one piece.
void console_say(enum midge_level level, const char *text);

#endif
