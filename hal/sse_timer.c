// The system counter and one of the system timers of Arm's subsystem SSE-300 (101370, chapters on
// the system counter and timer).

#include "hal/cortex_m.h"

#define COUNTER_CONTROL REGISTER(HAL_COUNTER, 0x00)
#define COUNT_LOW REGISTER(HAL_TIMER, 0x00)
#define ALARM_TICKS REGISTER(HAL_TIMER, 0x28)
#define ALARM_CONTROL REGISTER(HAL_TIMER, 0x2C)

// A minute: below what the alarm's 31 bits hold, and far below the turn of 32.
#define ALARM_MS_MAX 60000

_Static_assert(ALARM_MS_MAX * 1000ll * HAL_TIMER_MHZ <= INT32_MAX, "an alarm fits in 31 bits");

static struct timer_clock clock;

void timer_init(void) {
    COUNTER_CONTROL = 1;
    clock.ticks = COUNT_LOW;
}

uint64_t hal_us(void) {
    return timer_clock_us(&clock, COUNT_LOW, HAL_TIMER_MHZ);
}

void timer_alarm(uint32_t ms) {
    ALARM_TICKS = (ms < ALARM_MS_MAX ? ms : ALARM_MS_MAX) * 1000 * HAL_TIMER_MHZ;
    ALARM_CONTROL = 1;
    cortex_m_forget(HAL_TIMER_IRQ);
    cortex_m_listen(HAL_TIMER_IRQ);
}
