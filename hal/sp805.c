// The watchdog SP805 of Arm, which its Cortex-M System Design Kit has too, and the chips of
// Stellaris.
//
// It counts down twice. At the first end comes an exception, whose handler records where the
// program hung, and resets; where even that does not run any more, the second end resets.

#include "hal/cortex_m.h"

#define LOAD REGISTER(HAL_WATCHDOG_BASE, 0x000)
#define CONTROL REGISTER(HAL_WATCHDOG_BASE, 0x008)
#define CLEAR REGISTER(HAL_WATCHDOG_BASE, 0x00C)
#define LOCK REGISTER(HAL_WATCHDOG_BASE, 0xC00)

#define UNLOCK 0x1ACCE551u

void hal_watchdog_start(uint32_t ms) {
    cortex_m_watched();
    LOCK = UNLOCK;
    LOAD = ms < UINT32_MAX / HAL_WATCHDOG_KHZ ? ms * HAL_WATCHDOG_KHZ : UINT32_MAX;
    CONTROL = 3;
    LOCK = 0;
#if HAL_WATCHDOG_EXCEPTION >= 16
    cortex_m_listen(HAL_WATCHDOG_EXCEPTION - 16);
#endif
}

void hal_watchdog_feed(void) {
    LOCK = UNLOCK;
    CLEAR = 1;
    LOCK = 0;
}
