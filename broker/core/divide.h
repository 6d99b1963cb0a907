// Division of 64 bits, which a small chip does not have: what compilers call for it takes 700 B.

#ifndef CORE_DIVIDE_H
#define CORE_DIVIDE_H

#include <stdint.h>

// Divides *v by 1..65,535 and answers the remainder.
uint32_t divide(uint64_t *v, uint32_t by);

#endif
