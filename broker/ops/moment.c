#include "broker/ops/moment.h"

#include "broker/core/midge.h"

// By how much both clocks may drift apart, or be read apart, before the difference is taken anew.
#define JITTER_US 20000

uint64_t moment_wall(struct midge *m, uint64_t us) {
    if (m->now.wall_us == 0)
        return 0;
    uint64_t offset_us = m->now.wall_us - m->now.us;
    if (offset_us - m->wall_offset_us + JITTER_US > 2 * JITTER_US)
        m->wall_offset_us = offset_us;
    return us + m->wall_offset_us;
}

void moment_format(struct format *f, uint64_t wall_us) {
    if (wall_us == 0) {
        format_text(f, "0001-01-01T00:00:00Z");
        return;
    }
    uint64_t seconds = wall_us / 1000000;
    uint32_t second = (uint32_t)(seconds % 86400);
    // Years begin in March here, so that a leap day is the last one; 719,468 days lie before 1970.
    uint32_t day = (uint32_t)(seconds / 86400) + 719468;
    uint32_t era = day / 146097;
    day %= 146097;
    uint32_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    day -= 365 * year + year / 4 - year / 100;
    uint32_t month = (5 * day + 2) / 153;
    day -= (153 * month + 2) / 5;
    year += era * 400 + (month >= 10);
    month = month < 10 ? month + 3 : month - 9;
    format_digits(f, year, 4);
    format_char(f, '-');
    format_digits(f, month, 2);
    format_char(f, '-');
    format_digits(f, day + 1, 2);
    format_char(f, 'T');
    format_digits(f, second / 3600, 2);
    format_char(f, ':');
    format_digits(f, second / 60 % 60, 2);
    format_char(f, ':');
    format_digits(f, second % 60, 2);
    uint32_t fraction = (uint32_t)(wall_us % 1000000);
    if (fraction != 0) {
        uint32_t digits = 6;
        for (; fraction % 10 == 0; fraction /= 10)
            digits--;
        format_char(f, '.');
        format_digits(f, fraction, digits);
    }
    format_char(f, 'Z');
}

void midge_write_time(uint64_t wall_us, char text[28]) {
    struct format f = {.to = (uint8_t *)text, .max = 27};
    moment_format(&f, wall_us);
    text[f.n] = '\0';
}
