// LM3S6965: the clock is the processor's SysTick, since QEMU does not show the count of the chip's
// own timers; the alarm is one of those.

#include "hal/cortex_m.h"

#define TICK_CONTROL REGISTER(0xE000E000, 0x10)
#define TICK_RELOAD REGISTER(0xE000E000, 0x14)
#define TICK_VALUE REGISTER(0xE000E000, 0x18)
#define ALARM_MODE REGISTER(HAL_TIMER, 0x04)
#define ALARM_CONTROL REGISTER(HAL_TIMER, 0x0C)
#define ALARM_MASK REGISTER(HAL_TIMER, 0x18)
#define ALARM_CLEAR REGISTER(HAL_TIMER, 0x24)
#define ALARM_LOAD REGISTER(HAL_TIMER, 0x28)

#define TURN 0x1000000u  // SysTick counts 24 bits, a third of a second
#define ALARM_MS_MAX 60000

static struct timer_clock clock;
static uint32_t ticks;  // as of 32 bits

// Takes in what SysTick has counted. It has not turned twice since: its interrupt comes here too.
static void look(void) {
    ticks += (0u - TICK_VALUE - ticks) % TURN;
}

// In place of SysTick's handler.
void HAL_SYSTICK(void) {
    look();
}

void timer_init(void) {
    TICK_RELOAD = TURN - 1;
    TICK_VALUE = 0;
    TICK_CONTROL = 7;  // the processor's clock, with an interrupt
    ALARM_MODE = 1;    // once
    ALARM_MASK = 1;
}

uint64_t hal_us(void) {
    __asm volatile("cpsid i" ::: "memory");
    look();
    uint64_t us = timer_clock_us(&clock, ticks, HAL_TIMER_MHZ);
    __asm volatile("cpsie i" ::: "memory");
    return us;
}

void timer_alarm(uint32_t ms) {
    ALARM_CONTROL = 0;
    ALARM_CLEAR = 1;
    ALARM_LOAD = (ms < ALARM_MS_MAX ? ms : ALARM_MS_MAX) * 1000 * HAL_TIMER_MHZ;
    ALARM_CONTROL = 1;
    cortex_m_forget(HAL_TIMER_IRQ);
    cortex_m_listen(HAL_TIMER_IRQ);
}
