// Who may come in, as a configuration says it: the block `authorization`, and what of it contradicts
// itself.

#ifndef SIM_ADMISSION_H
#define SIM_ADMISSION_H

struct script;

// Writes a block, with one of the ways in; rarely several, which contradict each other.
void admission_write(struct script *s);

#endif
