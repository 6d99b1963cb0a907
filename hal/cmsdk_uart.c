// The serial port of Arm's Cortex-M System Design Kit (DDI 0479, chapter 4). It holds one byte each
// way.

#include "hal/cortex_m.h"

#define DATA REGISTER(HAL_UART, 0x00)
#define STATE REGISTER(HAL_UART, 0x04)
#define CTRL REGISTER(HAL_UART, 0x08)
#define INTCLEAR REGISTER(HAL_UART, 0x0C)
#define BAUDDIV REGISTER(HAL_UART, 0x10)

#define TX 1u  // full, enabled or interrupt, by register
#define RX 2u
#define RX_OVERRUN 8u

void uart_init(void) {
    BAUDDIV = HAL_UART_HZ / 115200;
    CTRL = TX | RX | (TX | RX) << 2;
}

bool uart_send(uint8_t byte) {
    INTCLEAR = TX;
    if ((STATE & TX) != 0) {
        cortex_m_listen(HAL_UART_TX_IRQ);
        return false;
    }
    DATA = byte;
    return true;
}

int32_t uart_receive(void) {
    INTCLEAR = RX;
    if ((STATE & RX_OVERRUN) != 0) {
        STATE = RX_OVERRUN;
        return HAL_CONSOLE_LOST;
    }
    if ((STATE & RX) != 0)
        return (int32_t)(DATA & 0xff);
    cortex_m_forget(HAL_UART_RX_IRQ);
    cortex_m_listen(HAL_UART_RX_IRQ);
    return -1;
}
