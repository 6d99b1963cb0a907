// The board: a process that runs its image (hal/posix.c), with power, cable and flash.

#ifndef SIM_LIVE_BOARD_H
#define SIM_LIVE_BOARD_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/live/inside.h"

// What is seen inside, and set there.
extern struct inside *board_inside;

// Gives it power. Flash is in the file, or lasts as long as midge-sim where that is NULL. Answers
// NULL, or what is wrong.
const char *board_start(const char *image, const char *flash);

// Sees to what has become of it: whether it has ended, and whether its power or its link come back.
void board_turn(void);

// When there is something to see to.
uint64_t board_due_us(void);

bool board_is_on(void);

// Cuts its power for so long; its clock then begins with `start_us`.
void board_cut(uint64_t off_us, uint64_t start_us);

// Pulls its cable for so long.
void board_unplug(uint64_t off_us);

// Its ends to poll: -1 where it is off.
int board_cable(void);
int board_console(void);

// Gives it a frame, or loses it.
void board_give(const uint8_t *frame, uint32_t n);

// Takes a frame of its own into `frame`; 0: there is none.
uint32_t board_take(uint8_t frame[POSIX_FRAME_BYTES]);

// Types on its console, and reads it.
void board_type(const char *bytes, uint32_t n);
uint32_t board_read(char *bytes, uint32_t max);

void board_end(void);

#endif
