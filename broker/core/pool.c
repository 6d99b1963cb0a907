#include "broker/core/pool.h"

#include <string.h>

index_t pool_take(struct pool *p, void *entries, size_t entry_bytes) {
#ifdef MIDGE_FAULTS
    if (p->fail_in != 0 && --p->fail_in == 0)
        return 0;
#endif
    index_t i = p->free;
    if (i != 0) {
        memcpy(&p->free, (char *)entries + i * entry_bytes, sizeof p->free);
    } else {
        if (p->fresh >= p->limit)
            return 0;
        i = ++p->fresh;
    }
    if (++p->used > p->high)
        p->high = p->used;
    return i;
}

void pool_give(struct pool *p, void *entries, size_t entry_bytes, index_t i) {
    memcpy((char *)entries + i * entry_bytes, &p->free, sizeof p->free);
    p->free = i;
    p->used--;
}
