/* Serial port, polled. */
#ifndef UART_H
#define UART_H

void uart_open(void);
char uart_get(void);
void uart_put(const char *text);

#endif
