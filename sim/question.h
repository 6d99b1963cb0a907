// What an examiner asks, right, odd or at a limit, and what the broker then owes it.

#ifndef SIM_QUESTION_H
#define SIM_QUESTION_H

struct sitting;

// Asks one of all there are.
void question_ask(struct sitting *s);

#endif
