// Log lines on the serial console: seconds since reset, the level as nats-server writes it, and the
// text.

#ifndef CHIP_CONSOLE_H
#define CHIP_CONSOLE_H

#include "broker/broker.h"

struct console_line {
    char text[MIDGE_LOG_LINE_BYTES + 32];
    uint32_t bytes;
};

// Makes a line of pieces, cut to what it can hold.
void console_begin(struct console_line *line, enum midge_level level);
void console_bytes(struct console_line *line, const char *bytes, uint32_t n);
void console_text(struct console_line *line, const char *text);
void console_number(struct console_line *line, uint32_t number, uint32_t base);
void console_end(const struct console_line *line);

// A line of one piece.
void console_say(enum midge_level level, const char *text);

#endif
