#include "broker/core/divide.h"

uint32_t divide(uint64_t *v, uint32_t by) {
    // Almost every number fits in 32 bits.
    if (*v <= UINT32_MAX) {
        uint32_t low = (uint32_t)*v;
        *v = low / by;
        return low % by;
    }
    // From the top, 16 bits at a time; the quotient's come in at the bottom.
    uint64_t turning = *v;
    uint32_t rest = 0;
    for (uint32_t i = 0; i < 4; i++) {
        uint32_t part = rest << 16 | (uint32_t)(turning >> 48);
        turning = turning << 16 | part / by;
        rest = part % by;
    }
    *v = turning;
    return rest;
}
