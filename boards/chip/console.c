#include "boards/chip/console.h"

#include <string.h>

#include "hal/hal.h"

#define LINE_END "\r\n"

void console_bytes(struct console_line *line, const char *bytes, uint32_t n) {
    uint32_t room = (uint32_t)(sizeof line->text - strlen(LINE_END)) - line->bytes;
    n = n < room ? n : room;
    memcpy(line->text + line->bytes, bytes, n);
    line->bytes += n;
}

static void add_number(struct console_line *line, uint32_t number, uint32_t base, uint32_t digits) {
    char text[10];
    uint32_t n = 0;
    do {
        text[sizeof text - ++n] = "0123456789abcdef"[number % base];
        number /= base;
    } while (number > 0 || n < digits);
    console_bytes(line, text + sizeof text - n, n);
}

void console_begin(struct console_line *line, enum midge_level level) {
    static const char names[][8] = {
        [MIDGE_INF] = " [INF] ", [MIDGE_DBG] = " [DBG] ", [MIDGE_WRN] = " [WRN] ",
        [MIDGE_ERR] = " [ERR] ", [MIDGE_FTL] = " [FTL] ", [MIDGE_TRC] = " [TRC] ",
    };
    uint64_t now_ms = hal_us() / 1000;
    line->bytes = 0;
    add_number(line, (uint32_t)(now_ms / 1000), 10, 1);
    console_text(line, ".");
    add_number(line, (uint32_t)(now_ms % 1000), 10, 3);
    console_text(line, names[level]);
}

void console_text(struct console_line *line, const char *text) {
    console_bytes(line, text, (uint32_t)strlen(text));
}

void console_number(struct console_line *line, uint32_t number, uint32_t base) {
    add_number(line, number, base, 1);
}

void console_end(const struct console_line *line) {
    hal_console_write(line->text, line->bytes);
    hal_console_write(LINE_END, (uint32_t)strlen(LINE_END));
}

void console_say(enum midge_level level, const char *text) {
    struct console_line line;
    console_begin(&line, level);
    console_text(&line, text);
    console_end(&line);
}
