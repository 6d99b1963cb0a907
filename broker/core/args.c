#include "broker/core/args.h"

uint32_t args_split(const uint8_t *args, uint32_t n, struct word *words) {
    const uint8_t *end = args + n;
    uint32_t count = 0;
    while (count < WORDS_MAX) {
        while (args < end && is_blank(*args))
            args++;
        if (args == end)
            break;
        const uint8_t *from = args;
        while (args < end && !is_blank(*args))
            args++;
        words[count++] = (struct word){from, (uint32_t)(args - from)};
    }
    return count;
}

uint32_t args_split_lines(uint8_t *args, uint32_t n, struct word *words) {
    for (uint32_t i = 0; i < n; i++) {
        if (args[i] == '\r' || args[i] == '\n')
            args[i] = ' ';
    }
    return args_split(args, n, words);
}

int32_t args_size(struct word w) {
    if (w.n == 0 || w.n > 9)
        return -1;
    int32_t v = 0;
    for (uint32_t i = 0; i < w.n; i++) {
        uint32_t digit = (uint32_t)w.bytes[i] - '0';
        if (digit > 9)
            return -1;
        v = v * 10 + (int32_t)digit;
    }
    return v;
}
