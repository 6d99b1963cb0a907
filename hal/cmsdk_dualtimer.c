// The dual timer of Arm's Cortex-M System Design Kit (DDI 0479, chapter 4): its first half is the
// clock, its second the alarm.

#include "hal/cortex_m.h"

#define CLOCK_VALUE REGISTER(HAL_TIMER, 0x04)
#define CLOCK_CONTROL REGISTER(HAL_TIMER, 0x08)
#define ALARM_LOAD REGISTER(HAL_TIMER, 0x20)
#define ALARM_CONTROL REGISTER(HAL_TIMER, 0x28)
#define ALARM_CLEAR REGISTER(HAL_TIMER, 0x2C)

#define ONE_SHOT 1u
#define BITS_32 2u
#define INTERRUPT (1u << 5)
#define PERIODIC (1u << 6)
#define ENABLE (1u << 7)

// A minute, far below the counter's turn: whoever sleeps so looks at the clock often enough.
#define ALARM_MS_MAX 60000

static struct timer_clock clock;

void timer_init(void) {
    CLOCK_CONTROL = 0;
    CLOCK_CONTROL = ENABLE | BITS_32;
    clock.ticks = ~CLOCK_VALUE;
}

uint64_t hal_us(void) {
    return timer_clock_us(&clock, ~CLOCK_VALUE, HAL_TIMER_MHZ);
}

void timer_alarm(uint32_t ms) {
    ALARM_CONTROL = 0;
    ALARM_CLEAR = 1;
    ALARM_LOAD = (ms < ALARM_MS_MAX ? ms : ALARM_MS_MAX) * 1000 * HAL_TIMER_MHZ;
    ALARM_CONTROL = ENABLE | PERIODIC | INTERRUPT | BITS_32 | ONE_SHOT;
    cortex_m_forget(HAL_TIMER_IRQ);
    cortex_m_listen(HAL_TIMER_IRQ);
}
