// The Ethernet chips LAN9118 and LAN9220 of SMSC, MAC and PHY, on a memory bus.
//
// What is received lies in a FIFO of 10,560 bytes; a frame that finds no room is lost. A frame is
// passed over by reading it: QEMU's model does not know the chip's own way.

#include <string.h>

#include "hal/cortex_m.h"

#define RX_DATA (&REGISTER(HAL_ETHERNET, 0x00))
#define TX_DATA (&REGISTER(HAL_ETHERNET, 0x20))
#define RX_STATUS REGISTER(HAL_ETHERNET, 0x40)
#define TX_STATUS REGISTER(HAL_ETHERNET, 0x48)
#define IRQ_CFG REGISTER(HAL_ETHERNET, 0x54)
#define INT_STS REGISTER(HAL_ETHERNET, 0x58)
#define INT_EN REGISTER(HAL_ETHERNET, 0x5C)
#define BYTE_TEST REGISTER(HAL_ETHERNET, 0x64)
#define FIFO_INT REGISTER(HAL_ETHERNET, 0x68)
#define RX_CFG REGISTER(HAL_ETHERNET, 0x6C)
#define TX_CFG REGISTER(HAL_ETHERNET, 0x70)
#define HW_CFG REGISTER(HAL_ETHERNET, 0x74)
#define RX_FIFO_INF REGISTER(HAL_ETHERNET, 0x7C)
#define TX_FIFO_INF REGISTER(HAL_ETHERNET, 0x80)
#define PMT_CTRL REGISTER(HAL_ETHERNET, 0x84)
#define RX_DROP REGISTER(HAL_ETHERNET, 0xA0)
#define MAC_CMD REGISTER(HAL_ETHERNET, 0xA4)
#define MAC_DATA REGISTER(HAL_ETHERNET, 0xA8)

// Registers behind MAC_CMD, and those of the PHY behind two of them.
enum { MAC_CR = 1, MAC_ADDRH, MAC_ADDRL, MII_ACC = 6, MII_DATA };
enum { PHY_CONTROL = 0, PHY_STATUS, PHY_OFFER = 4, PHY_PARTNER };

#define MAC_FULL_DUPLEX (1u << 20)
#define MAC_SETTINGS (1u << 19 | 1u << 3 | 1u << 2)  // takes all multicasts; sends and receives
#define PHY_LINK (1u << 2)
#define RX_INT (1u << 3)     // a frame waits
#define RX_ERROR (1u << 15)  // in a frame's status
#define WAITS 100000         // looks at a register that must change within 20 ms

static uint32_t frame_bytes;  // of the oldest frame, with padding and without CRC; 0: not looked at
static uint32_t words_left;   // of it in the FIFO, its CRC included
static uint32_t dropped;
static bool linked;

static bool wait_for(volatile uint32_t *reg, uint32_t mask, uint32_t value) {
    for (uint32_t i = 0; i < WAITS; i++) {
        if ((*reg & mask) == value)
            return true;
    }
    return false;
}

#define MAC_BUSY (1u << 31)
#define MAC_READ (1u << 30)

static uint32_t mac_read(uint32_t reg) {
    MAC_CMD = MAC_BUSY | MAC_READ | reg;
    return wait_for(&MAC_CMD, MAC_BUSY, 0) ? MAC_DATA : 0;
}

static void mac_write(uint32_t reg, uint32_t value) {
    MAC_DATA = value;
    MAC_CMD = MAC_BUSY | reg;
    wait_for(&MAC_CMD, MAC_BUSY, 0);
}

// The PHY is number 1 on its bus. An access takes some 25 us.
static bool phy_access(uint32_t reg, uint32_t write) {
    mac_write(MII_ACC, 1u << 11 | reg << 6 | write | 1);
    for (uint32_t i = 0; i < 100; i++) {
        if ((mac_read(MII_ACC) & 1) == 0)
            return true;
    }
    return false;
}

static uint32_t phy_read(uint32_t reg) {
    return phy_access(reg, 0) ? mac_read(MII_DATA) : 0;
}

static void phy_write(uint32_t reg, uint32_t value) {
    mac_write(MII_DATA, value);
    phy_access(reg, 2);
}

// The chip has the address that its EEPROM gave it until it is told another.
bool hal_unique(void *to, uint32_t n) {
    static uint32_t address[2];
    if (address[0] == 0 && wait_for(&PMT_CTRL, 1, 1)) {
        address[0] = mac_read(MAC_ADDRL);
        address[1] = mac_read(MAC_ADDRH) & 0xffff;
    }
    if (n > 6 || address[0] == 0 || address[0] == UINT32_MAX)
        return false;
    memcpy(to, address, n);
    return true;
}

bool hal_ethernet_init(const uint8_t address[6]) {
    uint32_t words[2] = {0};
    memcpy(words, address, 6);
    if (!wait_for(&PMT_CTRL, 1, 1) || BYTE_TEST != 0x87654321)
        return false;
    HW_CFG = 1;
    if (!wait_for(&HW_CFG, 1, 0) || !wait_for(&PMT_CTRL, 1, 1))
        return false;
    HW_CFG = 5u << 16 | 1u << 20;  // 5 KB for sending; store and forward
    FIFO_INT = 0xFFu << 16;        // with the first frame
    RX_CFG = HAL_ETHERNET_PAD << 8;
    TX_CFG = 2;
    mac_write(MAC_ADDRH, words[1]);
    mac_write(MAC_ADDRL, words[0]);
    mac_write(MAC_CR, MAC_FULL_DUPLEX | MAC_SETTINGS);
    phy_write(PHY_CONTROL, 0x1200);  // negotiate
    // QEMU inverts the line unless it is active high and pushes and pulls.
    IRQ_CFG = 0x111;
    INT_STS = UINT32_MAX;
    INT_EN = RX_INT;
    return true;
}

bool hal_ethernet_link(void) {
    bool link = (phy_read(PHY_STATUS) & PHY_LINK) != 0;
    if (link && !linked) {
        uint32_t common = phy_read(PHY_OFFER) & phy_read(PHY_PARTNER);
        bool full = (common & 1u << 8) != 0 || ((common & 1u << 7) == 0 && (common & 1u << 6) != 0);
        mac_write(MAC_CR, (full ? MAC_FULL_DUPLEX : 0) | MAC_SETTINGS);
    }
    linked = link;
    return link;
}

// Whether a frame waits; listens for one otherwise.
static bool is_waiting(void) {
    INT_STS = RX_INT;
    if ((RX_FIFO_INF >> 16 & 0xff) != 0)
        return true;
    cortex_m_forget(HAL_ETHERNET_IRQ);
    cortex_m_listen(HAL_ETHERNET_IRQ);
    return false;
}

uint32_t hal_ethernet_frame(void) {
    while (frame_bytes == 0 && is_waiting()) {
        uint32_t status = RX_STATUS;
        uint32_t bytes = (status >> 16 & 0x3fff) + HAL_ETHERNET_PAD;
        words_left = (bytes + 3) / 4;
        if ((status & RX_ERROR) == 0) {
            frame_bytes = bytes - 4;
        } else {
            dropped++;
            hal_ethernet_skip();
        }
    }
    return frame_bytes;
}

void hal_ethernet_read(void *to, uint32_t n) {
    ethernet_take(RX_DATA, to, n);
    words_left -= (n + 3) / 4;
}

void hal_ethernet_skip(void) {
    for (; words_left > 0; words_left--)
        *RX_DATA;
    frame_bytes = 0;
}

bool hal_ethernet_send(const struct hal_span *pieces, uint32_t count) {
    uint32_t bytes = ethernet_bytes(pieces, count);
    while ((TX_FIFO_INF >> 16 & 0xff) != 0)
        TX_STATUS;
    if ((TX_FIFO_INF & 0xffff) < bytes + 3 + 8)
        return false;
    uint32_t frame = bytes - HAL_ETHERNET_PAD;
    *TX_DATA = HAL_ETHERNET_PAD << 16 | 1u << 13 | 1u << 12 | frame;
    *TX_DATA = frame;
    ethernet_fill(TX_DATA, 0, pieces, count);
    return true;
}

uint32_t hal_ethernet_dropped(void) {
    dropped += RX_DROP;
    return dropped;
}
