// The Ethernet controller of the LM3S6965, MAC and PHY (its data sheet, chapter 15).
//
// It has 2 KB for what is received: one long frame, or several short ones. Its filter lets pass
// what is addressed to it and broadcasts.

#include <string.h>

#include "hal/cortex_m.h"

#define STATUS REGISTER(HAL_ETHERNET, 0x00)  // written: acknowledges
#define MASK REGISTER(HAL_ETHERNET, 0x04)
#define RX_CONTROL REGISTER(HAL_ETHERNET, 0x08)
#define TX_CONTROL REGISTER(HAL_ETHERNET, 0x0C)
#define DATA (&REGISTER(HAL_ETHERNET, 0x10))
#define ADDRESS_LOW REGISTER(HAL_ETHERNET, 0x14)
#define ADDRESS_HIGH REGISTER(HAL_ETHERNET, 0x18)
#define THRESHOLD REGISTER(HAL_ETHERNET, 0x1C)
#define PHY_CONTROL REGISTER(HAL_ETHERNET, 0x20)
#define PHY_DIVIDER REGISTER(HAL_ETHERNET, 0x24)
#define PHY_READ REGISTER(HAL_ETHERNET, 0x30)
#define FRAMES REGISTER(HAL_ETHERNET, 0x34)
#define TX_REQUEST REGISTER(HAL_ETHERNET, 0x38)

#define RX_INT (1u << 0)
#define TX_ERROR (1u << 1)
#define RX_OVERRUN (1u << 3)
#define RX_ERROR (1u << 4)
#define RX_RESET (1u << 4)   // of the FIFO
#define RX_REFUSE (1u << 3)  // frames with a wrong CRC
#define TX_SETTINGS 0x0Fu    // full duplex, with CRC, padded, on
#define CRC_BYTES 4
#define WAITS 100000  // looks at a register that must change within 2 ms

static uint32_t frame_bytes;  // of the oldest frame, with padding and without CRC; 0: not looked at
static uint32_t words_left;   // of it in the FIFO, its CRC included
static uint32_t first;        // its first word, which was read for its length
static bool first_waits;
static uint32_t dropped;

static bool wait_for(volatile uint32_t *reg, uint32_t mask) {
    for (uint32_t i = 0; i < WAITS; i++) {
        if ((*reg & mask) == 0)
            return true;
    }
    return false;
}

bool hal_ethernet_init(const uint8_t address[6]) {
    uint32_t words[2] = {0};
    memcpy(words, address, 6);
    MASK = 0;
    RX_CONTROL = RX_RESET;
    PHY_DIVIDER = HAL_TIMER_MHZ * 1000 / 2 / 2500;  // its clock may have 2.5 MHz
    ADDRESS_LOW = words[0];
    ADDRESS_HIGH = words[1];
    THRESHOLD = 0x3f;  // sends when asked, not when the FIFO has filled so far
    TX_CONTROL = TX_SETTINGS;
    RX_CONTROL = RX_REFUSE | 1;
    STATUS = 0x7f;
    MASK = RX_INT;
    return ADDRESS_LOW == words[0];
}

// QEMU has no PHY; the register, which has bits that are always set, reads 0 there.
bool hal_ethernet_link(void) {
    PHY_CONTROL = 1u << 3 | 1;  // register 1, the status
    wait_for(&PHY_CONTROL, 1);
    uint32_t status = PHY_READ & 0xffff;
    return status == 0 || (status & 1u << 2) != 0;
}

// Whether a frame waits; listens for one otherwise.
static bool is_waiting(void) {
    uint32_t status = STATUS;
    STATUS = RX_INT;
    if ((status & (RX_OVERRUN | RX_ERROR)) != 0) {
        STATUS = RX_OVERRUN | RX_ERROR;
        dropped++;
    }
    if ((FRAMES & 0x3f) != 0)
        return true;
    cortex_m_forget(HAL_ETHERNET_IRQ);
    cortex_m_listen(HAL_ETHERNET_IRQ);
    return false;
}

// The FIFO has before each frame two bytes with the length of all, which so serve as its padding.
uint32_t hal_ethernet_frame(void) {
    if (frame_bytes != 0 || !is_waiting())
        return frame_bytes;
    first = *DATA;
    first_waits = true;
    uint32_t bytes = first & 0xffff;
    words_left = (bytes + 3) / 4 - 1;
    frame_bytes = bytes - CRC_BYTES;
    return frame_bytes;
}

void hal_ethernet_read(void *to, uint32_t n) {
    if (n == 0)
        return;
    if (first_waits) {
        first_waits = false;
        uint32_t bytes = n < 4 ? n : 4;
        memcpy(to, &first, bytes);
        to = (uint8_t *)to + bytes;
        n -= bytes;
    }
    ethernet_take(DATA, to, n);
    words_left -= (n + 3) / 4;
}

void hal_ethernet_skip(void) {
    for (; words_left > 0; words_left--)
        *DATA;
    frame_bytes = 0;
}

bool hal_ethernet_send(const struct hal_span *pieces, uint32_t count) {
    uint32_t bytes = ethernet_bytes(pieces, count);
    if (!wait_for(&TX_REQUEST, 1)) {
        STATUS = TX_ERROR;  // empties the FIFO
        return false;
    }
    ethernet_fill(DATA, (uint16_t)(bytes - HAL_ETHERNET_PAD - 14), pieces, count);
    TX_REQUEST = 1;
    return true;
}

uint32_t hal_ethernet_dropped(void) {
    return dropped;
}
