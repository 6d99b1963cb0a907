// LM3S6965: clock, pins and identity (its data sheet, chapters 6 and 9).

#include <string.h>

#include "hal/parts.h"

#define SYSTEM 0x400FE000u
#define RAW_STATUS REGISTER(SYSTEM, 0x050)
#define RCC REGISTER(SYSTEM, 0x060)
#define CLOCKS_0 REGISTER(SYSTEM, 0x100)
#define CLOCKS_1 REGISTER(SYSTEM, 0x104)
#define CLOCKS_2 REGISTER(SYSTEM, 0x108)
#define FLASH_MICROSECOND REGISTER(SYSTEM, 0x140)
#define USER_0 REGISTER(SYSTEM, 0x1E0)
#define USER_1 REGISTER(SYSTEM, 0x1E4)
#define PORT_A 0x40004000u
#define PORT_F 0x40025000u
#define PORT_E 0x40024000u
#define SELECT (1u << 1)        // of port F: a button of the kit
#define DIRECTIONS (0xFu << 0)  // of port E: its others

#define BYPASS (1u << 11)
#define PLL_OFF (1u << 13)
#define DIVIDE (1u << 22)
#define PLL_LOCKED (1u << 6)

// The kit's crystal has 8 MHz, and the PLL's 200 MHz are divided by four.
static void start_clock(void) {
    uint32_t rcc = (RCC & ~(0xFu << 23 | 0xFu << 6 | 3u << 4 | 1u)) | BYPASS | PLL_OFF;
    rcc |= 0xEu << 6;
    RCC = rcc & ~DIVIDE;
    rcc = (rcc & ~PLL_OFF) | 3u << 23 | DIVIDE;
    RCC = rcc;
    for (uint32_t i = 0; i < 100000 && (RAW_STATUS & PLL_LOCKED) == 0; i++)
        ;
    RCC = rcc & ~BYPASS;
}

// Gives pins to the peripherals that they are wired to.
static void give_pins(uint32_t port, uint32_t pins) {
    REGISTER(port, 0x420) |= pins;
    REGISTER(port, 0x51C) |= pins;
}

// Makes pins inputs that are high unless something pulls them down.
static void pull_up(uint32_t port, uint32_t pins) {
    REGISTER(port, 0x510) |= pins;
    REGISTER(port, 0x51C) |= pins;
}

void chip_init(void) {
    start_clock();
    FLASH_MICROSECOND = HAL_TIMER_MHZ - 1;
    CLOCKS_0 |= 1u << 3;                                  // the watchdog
    CLOCKS_1 |= 1u << 16 | 1u << 0;                       // timer 0, UART 0
    CLOCKS_2 |= 1u << 30 | 1u << 28 | 3u << 4 | 1u << 0;  // PHY, MAC, ports F, E and A
    CLOCKS_2;                                             // a few cycles before they answer
    give_pins(PORT_A, 3u << 0);                           // UART 0
    give_pins(PORT_F, 3u << 2);                           // the Ethernet jack's lamps
    pull_up(PORT_E, DIRECTIONS);
    pull_up(PORT_F, SELECT);
}

// The kit's buttons close to ground. Select alone counts: where all are low, nothing pulls them up.
// QEMU forgets at each reset that they are high.
bool hal_button(void) {
    return REGISTER(PORT_F, SELECT << 2) == 0 && REGISTER(PORT_E, DIRECTIONS << 2) == DIRECTIONS;
}

// The kit's maker wrote a MAC address into the two user registers. All ones: nobody did.
bool hal_unique(void *to, uint32_t n) {
    uint32_t halves[2] = {USER_0 & 0xffffff, USER_1 & 0xffffff};
    uint8_t address[6];
    memcpy(address, &halves[0], 3);
    memcpy(address + 3, &halves[1], 3);
    if (n > sizeof address || (halves[0] == 0xffffff && halves[1] == 0xffffff))
        return false;
    memcpy(to, address, n);
    return true;
}
