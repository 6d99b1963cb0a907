// The serial port PL011 of Arm (DDI 0183), as in the chips of Stellaris.

#include "hal/cortex_m.h"

#define DATA REGISTER(HAL_UART, 0x00)
#define ERRORS REGISTER(HAL_UART, 0x04)  // any write clears them
#define FLAGS REGISTER(HAL_UART, 0x18)
#define IBRD REGISTER(HAL_UART, 0x24)
#define FBRD REGISTER(HAL_UART, 0x28)
#define LCRH REGISTER(HAL_UART, 0x2C)
#define CTRL REGISTER(HAL_UART, 0x30)
#define MASK REGISTER(HAL_UART, 0x38)
#define CLEAR REGISTER(HAL_UART, 0x44)

#define RX_EMPTY (1u << 4)
#define TX_FULL (1u << 5)
#define OVERRUN (1u << 3)

#define RX_INT (1u << 4 | 1u << 6)  // its FIFO fills, or a byte has lain there for a while
#define TX_INT (1u << 5)

#define BAUD_64THS (HAL_UART_HZ * 4u / 115200u)

void uart_init(void) {
    CTRL = 0;
    IBRD = BAUD_64THS / 64;
    FBRD = BAUD_64THS % 64;
    LCRH = 3u << 5 | 1u << 4;  // 8N1, with FIFOs
    MASK = RX_INT;
    CTRL = 1u << 9 | 1u << 8 | 1;
}

bool uart_send(uint8_t byte) {
    CLEAR = TX_INT;
    if ((FLAGS & TX_FULL) != 0) {
        MASK = RX_INT | TX_INT;
        cortex_m_listen(HAL_UART_IRQ);
        return false;
    }
    DATA = byte;
    return true;
}

// Both ways share a line. Whoever still waits to send asks for its interrupt again, before sleep.
int32_t uart_receive(void) {
    CLEAR = RX_INT | TX_INT;
    if ((ERRORS & OVERRUN) != 0) {
        ERRORS = 0;
        return HAL_CONSOLE_LOST;
    }
    if ((FLAGS & RX_EMPTY) == 0)
        return (int32_t)(DATA & 0xff);
    MASK = RX_INT;
    cortex_m_forget(HAL_UART_IRQ);
    cortex_m_listen(HAL_UART_IRQ);
    return -1;
}
