// What the user sees and types. Lines scroll: midge-sim's own, and the board's console. Where
// standard output is a terminal, the state of the board stands below them, and what is typed.

#ifndef SIM_LIVE_TERMINAL_H
#define SIM_LIVE_TERMINAL_H

#include <stdbool.h>
#include <stdint.h>

// Answers whether there is anything to read.
bool terminal_start(const char *board);

// A line of midge-sim's own: what an answer consists of; and what has happened, with the time.
__attribute__((format(printf, 1, 2))) void terminal_tell(const char *format, ...);
__attribute__((format(printf, 1, 2))) void terminal_say(const char *format, ...);

// Bytes that the board's console has sent.
void terminal_hear(const char *bytes, uint32_t n);

// Takes what was typed: lines for command_obey, or bytes for the board's console. False once
// nothing more is to come.
bool terminal_read(void);

// From now on what is typed goes to the board's console, until ^].
void terminal_attach(void);

// Shows the state, as lines that stay.
void terminal_show(void);

// Draws the state anew, a few times a second.
void terminal_turn(void);
uint64_t terminal_due_us(void);

void terminal_end(void);

#endif
