// Cortex-M, ARMv7-M and ARMv8-M main line: vectors, start, memory guards, faults, sleep, reset.
//
// The program runs on the process stack and exceptions on the main one, so that a fault can be
// handled after the program's stack has overflowed. Everything that comes, be it a fault or an
// interrupt, goes through one entry.

#include "hal/cortex_m.h"

#include <string.h>

#define SYSTEM 0xE000E000u  // the system control space
#define VTOR REGISTER(SYSTEM, 0xD08)
#define AIRCR REGISTER(SYSTEM, 0xD0C)
#define CCR REGISTER(SYSTEM, 0xD14)
#define SHCSR REGISTER(SYSTEM, 0xD24)
#define CFSR REGISTER(SYSTEM, 0xD28)
#define HFSR REGISTER(SYSTEM, 0xD2C)
#define DFSR REGISTER(SYSTEM, 0xD30)
#define MMFAR REGISTER(SYSTEM, 0xD34)
#define BFAR REGISTER(SYSTEM, 0xD38)
#define MPU_RNR REGISTER(SYSTEM, 0xD98)
#define MPU_RBAR REGISTER(SYSTEM, 0xD9C)
#define MPU_RASR REGISTER(SYSTEM, 0xDA0)  // ARMv8-M: MPU_RLAR
#define MPU_MAIR0 REGISTER(SYSTEM, 0xDC0)

#define CFSR_UNSTACKED (1u << 4 | 1u << 12 | 1u << 20)  // the stack had no room for the registers
#define CFSR_MMFAR (1u << 7)
#define CFSR_BFAR (1u << 15)

#define HARD_FAULT 3
#define SYSTICK 15
#define INTERRUPT 16  // the first line from outside the processor

// 256 bytes. The stack lies at the bottom of RAM: who leaps over its guard meets no memory at all.
#define GUARD_BITS 8
#define PAINT 0xA5A5A5A5u
#define NOTED 0x4D494447u

// From the linker script.
extern uint32_t data_from[], data_begin[], data_end[], bss_begin[], bss_end[];
extern uint32_t stack_begin[], stack_end[], exception_stack_end[];

int main(void);
_Noreturn void start(void);
void cortex_m_take(uint32_t *frame, uint32_t number);

// What outlives a reset, since the start-up code does not clear it.
static struct {
    uint32_t noted;
    struct hal_record record;
} note __attribute__((section(".noinit")));

static struct hal_record last;
static volatile bool woken;

// ---- Reset --------------------------------------------------------------------------------------

// A new boot: what the one before left is the record now.
static void recall(void) {
    if (note.noted != NOTED)
        memset(&note, 0, sizeof note);
    else
        note.record.boots++;
    note.noted = NOTED;
    last = note.record;
    note.record = (struct hal_record){.reason = HAL_POWER, .boots = last.boots};
}

const struct hal_record *hal_record(void) {
    return &last;
}

static _Noreturn void reset_now(void) {
    __asm volatile("dsb" ::: "memory");
    AIRCR = 0x05FA0004;
    for (;;)
        ;
}

_Noreturn void hal_reset(void) {
    note.record.reason = HAL_REQUEST;
    reset_now();
}

_Noreturn void hal_panic(const char *file, int line) {
    size_t n = strlen(file);
    size_t room = sizeof note.record.file - 1;
    memcpy(note.record.file, file + (n > room ? n - room : 0), (n > room ? room : n) + 1);
    note.record.line = (uint32_t)line;
    note.record.reason = HAL_PANIC;
    reset_now();
}

void cortex_m_watched(void) {
    note.record.reason = HAL_WATCHDOG;
}

// ---- Exceptions ---------------------------------------------------------------------------------

// A BKPT 0xAB with nobody there to serve it, which is a fault without a status: answers -1 for
// them.
static bool is_unserved(uint32_t *frame, uint32_t number) {
    if (number != HARD_FAULT || CFSR != 0 || *(uint16_t *)frame[6] != 0xBEAB)
        return false;
    HFSR = UINT32_MAX;
    DFSR = UINT32_MAX;
    frame[0] = UINT32_MAX;
    frame[6] += 2;
    return true;
}

// Takes every exception. The frame holds r0-r3, r12, lr, pc and the status of what was interrupted.
__attribute__((used)) void cortex_m_take(uint32_t *frame, uint32_t number) {
    uint32_t line = number - INTERRUPT;
#ifdef HAL_SYSTICK
    if (number == SYSTICK) {
        HAL_SYSTICK();
        return;
    }
#endif
    if (number >= INTERRUPT && number != HAL_WATCHDOG_EXCEPTION) {
        REGISTER(SYSTEM, 0x180 + line / 32 * 4) = 1u << line % 32;  // NVIC_ICER
        woken = true;
        return;
    }
    if (is_unserved(frame, number))
        return;
    note.record.reason = number == HAL_WATCHDOG_EXCEPTION ? HAL_WATCHDOG : HAL_FAULT;
    note.record.status = CFSR;
    if ((note.record.status & CFSR_UNSTACKED) == 0) {
        note.record.lr = frame[5];
        note.record.pc = frame[6];
    }
    if ((note.record.status & CFSR_MMFAR) != 0)
        note.record.address = MMFAR;
    else if ((note.record.status & CFSR_BFAR) != 0)
        note.record.address = BFAR;
    reset_now();
}

__attribute__((naked)) static void enter(void) {
    __asm volatile("tst lr, #4\n"
                   "ite eq\n"
                   "mrseq r0, msp\n"
                   "mrsne r0, psp\n"
                   "mrs r1, ipsr\n"
                   "b cortex_m_take\n");
}

// ---- Memory guards ------------------------------------------------------------------------------

#if __ARM_ARCH >= 8

// The stack has a limit register (see start), and no region can be closed to reading: code, and
// with it address 0, is closed to writing.
static void guard(void) {
    MPU_MAIR0 = 0x44;
    MPU_RNR = 0;
    MPU_RBAR = HAL_CODE | 2 << 1;
    MPU_RASR = ((HAL_CODE + HAL_CODE_BYTES - 1) & ~31u) | 1;
}

#else

#define CLOSED (0u << 24)
#define READ_ONLY (6u << 24)
#define CACHED (2u << 16)

static void set_region(uint32_t number, uint32_t begin, uint32_t size_bits, uint32_t access) {
    MPU_RNR = number;
    MPU_RBAR = begin;
    MPU_RASR = access | CACHED | (size_bits - 1) << 1 | 1;
}

// Code is read-only, and its first bytes, the vectors, are closed to the program: only the
// processor itself reads them. Higher numbers win.
static void guard(void) {
    set_region(0, HAL_CODE, (uint32_t)__builtin_ctz(HAL_CODE_BYTES), READ_ONLY);
    set_region(1, 0, GUARD_BITS, CLOSED);
    set_region(2, (uint32_t)stack_begin, GUARD_BITS, CLOSED);
}

#endif

uint32_t hal_stack_unused(void) {
    const uint32_t guard_words = (1u << GUARD_BITS) / sizeof stack_begin[0];
    uint32_t n = 0;
    while (stack_begin[guard_words + n] == PAINT)
        n++;
    return n * sizeof stack_begin[0];
}

// ---- Start --------------------------------------------------------------------------------------

__attribute__((section(".vectors"), used)) static void (*const vectors[])(void) = {
    (void (*)(void))exception_stack_end,
    start,
    [2 ... INTERRUPT + HAL_INTERRUPTS - 1] = enter,
};

void hal_init(void) {
    VTOR = (uint32_t)vectors;  // a boot loader has its own
    recall();
    SHCSR |= 7u << 16;  // memory, bus and usage faults of their own
    CCR |= 1u << 4;     // division by zero is one
    guard();
    cortex_m_guard(true);
    chip_init();
    timer_init();
    uart_init();
}

static _Noreturn void run(void) {
    hal_init();
    main();
    hal_reset();
}

// Where the processor begins, on the main stack.
_Noreturn void start(void) {
    memcpy(data_begin, data_from, (uintptr_t)data_end - (uintptr_t)data_begin);
    memset(bss_begin, 0, (uintptr_t)bss_end - (uintptr_t)bss_begin);
    memset(stack_begin, PAINT & 0xff, (uintptr_t)stack_end - (uintptr_t)stack_begin);
#if __ARM_ARCH >= 8
    __asm volatile("msr psplim, %0" ::"r"(stack_begin + (1u << GUARD_BITS) / sizeof *stack_begin));
#endif
    __asm volatile("msr psp, %0\n"
                   "msr control, %1\n"
                   "isb\n"
                   "bx %2\n"
                   :
                   : "r"(stack_end), "r"(2), "r"(run)
                   : "memory");
    __builtin_unreachable();
}

// ---- Sleep --------------------------------------------------------------------------------------

void hal_wait(uint32_t ms) {
    console_drain();
    if (ms == 0)
        return;
    timer_alarm(ms);
    // An interrupt that comes between the look and the sleep ends the sleep, though it is not
    // taken.
    __asm volatile("cpsid i" ::: "memory");
    if (!woken)
        __asm volatile("dsb\nwfi" ::: "memory");
    woken = false;
    __asm volatile("cpsie i\nisb" ::: "memory");
}
