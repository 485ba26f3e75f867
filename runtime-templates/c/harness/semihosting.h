/* The call that differs from core to core. */
#ifndef MCU_SEMIHOSTING_H
#define MCU_SEMIHOSTING_H

#include <stdint.h>

#define EXIT_FAULT 70

/* Asks the emulator for an operation; its result. */
uint32_t mcu_semihost(uint32_t operation, const void *arguments);

#endif
