// The FPGA boards MPS2 and MPS3 of Arm: their clocks and pins are fixed by the FPGA image.

#include "hal/parts.h"

void chip_init(void) {}

bool hal_button(void) {
    return false;
}
