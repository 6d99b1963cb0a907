#include "boards/chip/console.h"

#include <string.h>

#include "hal/hal.h"

#define LINE_END "\r\n"

// The line that is being made.
static char line[MIDGE_LOG_LINE_BYTES + 32];
static uint32_t line_bytes;

static void add_number(uint32_t number, uint32_t base, uint32_t digits) {
    char text[10];
    uint32_t n = 0;
    do {
        text[sizeof text - ++n] = "0123456789abcdef"[number % base];
        number /= base;
    } while (number > 0 || n < digits);
    console_bytes(text + sizeof text - n, n);
}

void console_begin(enum midge_level level) {
    static const char names[][8] = {
        [MIDGE_INF] = " [INF] ", [MIDGE_DBG] = " [DBG] ", [MIDGE_WRN] = " [WRN] ",
        [MIDGE_ERR] = " [ERR] ", [MIDGE_FTL] = " [FTL] ", [MIDGE_TRC] = " [TRC] ",
    };
    uint64_t now_ms = hal_us() / 1000;
    line_bytes = 0;
    add_number((uint32_t)(now_ms / 1000), 10, 1);
    console_text(".");
    add_number((uint32_t)(now_ms % 1000), 10, 3);
    console_text(names[level]);
}

void console_bytes(const char *bytes, uint32_t n) {
    uint32_t room = (uint32_t)(sizeof line - strlen(LINE_END)) - line_bytes;
    n = n < room ? n : room;
    memcpy(line + line_bytes, bytes, n);
    line_bytes += n;
}

void console_text(const char *text) {
    console_bytes(text, (uint32_t)strlen(text));
}

void console_number(uint32_t number, uint32_t base) {
    add_number(number, base, 1);
}

void console_end(void) {
    memcpy(line + line_bytes, LINE_END, strlen(LINE_END));
    hal_console_write(line, line_bytes + (uint32_t)strlen(LINE_END));
}

void console_say(enum midge_level level, const char *text) {
    console_begin(level);
    console_text(text);
    console_end();
}
