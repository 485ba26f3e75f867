/* Arm's CMSDK serial port, the first one of the MPS2 boards. */
#include "uart.h"
#include <stdint.h>

#ifndef UART_BASE
#define UART_BASE 0x40004000u
#endif

#define UART(offset) (*(volatile uint32_t *)(UART_BASE + (offset)))
#define DATA UART(0)
#define STATE UART(4)
#define CONTROL UART(8)
#define DIVIDER UART(16)

#define STATE_SEND_FULL 1u
#define STATE_RECEIVE_FULL 2u

void uart_open(void)
{
    DIVIDER = 25000000u / 115200u;
    CONTROL = 3; /* send and receive */
}

char uart_get(void)
{
    while ((STATE & STATE_RECEIVE_FULL) == 0) {
    }
    return (char)DATA;
}

void uart_put(const char *text)
{
    for (; *text != '\0'; text++) {
        while ((STATE & STATE_SEND_FULL) != 0) {
        }
        DATA = (uint32_t)(uint8_t)*text;
    }
}
