// The kept configurations in tests/unit/conf/*.cases, with what is said of each.
//
// A case is `==`, the text, `--`, and the complaints: a letter for the severity and the line.
// Behind the dashes stands how nats-server's answer differs: `words`, if only the reason is worded
// otherwise, or `own`, if it judges otherwise; `chance`, if it has several, one of them ours, for it
// walks a map of Go in an order that is drawn anew each time. R lines, which are Midge's own, it
// never has.

#ifndef TESTS_CONF_CASES_H
#define TESTS_CONF_CASES_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct one_case {
    char text[4096];
    char complaints[4096];
    char differs[32];
};

// Reads the next case; false at the end of the file.
static bool next_case(FILE *file, struct one_case *c) {
    char line[1024];
    char *to = NULL;
    memset(c, 0, sizeof *c);
    while (fgets(line, sizeof line, file) != NULL) {
        if (strcmp(line, "==\n") == 0) {
            if (to == c->complaints) {
                fseek(file, -3, SEEK_CUR);
                return true;
            }
            to = c->text;
        } else if (to == c->text && strncmp(line, "--", 2) == 0) {
            sscanf(line, "-- %31[a-z ]", c->differs);
            c->text[strlen(c->text) - 1] = '\0';  // its last line has no end
            to = c->complaints;
        } else if (to != NULL) {
            strcat(to, line);
        }
    }
    return to == c->complaints;
}

#endif
