// What drivers need of the processor: its interrupt lines.
//
// There is one handler for all of them. It masks the line, and notes that it came, so that hal_wait
// returns: a driver that has done all that there was to do asks for the next one by listening
// again.

#ifndef MIDGE_CORTEX_M_H
#define MIDGE_CORTEX_M_H

#include "hal/parts.h"

// Ends the next hal_wait when the line is raised, or at once where it is.
static inline void cortex_m_listen(uint32_t line) {
    REGISTER(0xE000E100, line / 32 * 4) = 1u << line % 32;  // NVIC_ISER
}

// Forgets a line that is no longer raised.
static inline void cortex_m_forget(uint32_t line) {
    REGISTER(0xE000E280, line / 32 * 4) = 1u << line % 32;  // NVIC_ICPR
}

// Whether the memory guards stand, which close the code to writing.
static inline void cortex_m_guard(bool on) {
    REGISTER(0xE000E000, 0xD94) = on ? 5 : 0;  // MPU_CTRL; with the usual map for all else
    __asm volatile("dsb\nisb" ::: "memory");
}

// Takes SysTick's interrupt, where the board says so.
#ifdef HAL_SYSTICK
void HAL_SYSTICK(void);
#endif

// From now on a reset of which nobody leaves word is the watchdog's.
void cortex_m_watched(void);

#endif
