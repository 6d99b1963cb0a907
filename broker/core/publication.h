// PUB and HPUB: from a control line to a publication, and whether it may be delivered.

#ifndef CORE_PUBLICATION_H
#define CORE_PUBLICATION_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/core/deliver.h"

// Takes the arguments of PUB, or HPUB, apart, and answers whether the payload is welcome; where it
// is not, the connection is closing.
bool publication_announce(struct midge *m, struct conn *c, bool hpub, const uint8_t *args,
                          uint32_t n, struct publication *p);

// A pedantic client is told of a subject that is not literal.
void publication_check(struct midge *m, struct conn *c, const struct publication *p);

// Publishes to what the subject matches, as far as that was found already. False where it must be
// tried again later; nothing was done then.
bool publication_send(struct midge *m, struct conn *c, struct publication *p, struct matched found);

#endif
