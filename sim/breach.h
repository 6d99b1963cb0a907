// Questions that are mistakes which cost an examiner its connection.

#ifndef SIM_BREACH_H
#define SIM_BREACH_H

struct sitting;

// A line that breaks the protocol; one of no verb, or the wrong end of a payload; an error of the
// client's; a header though none was agreed on.
void breach_line(struct sitting *s);
void breach_verb(struct sitting *s);
void breach_by_client(struct sitting *s);
void breach_header(struct sitting *s);

#endif
