/* A flash in RAM: for trying out, or for RAM that outlives a reset. */
#ifndef MCU_FLASH_RAM_H
#define MCU_FLASH_RAM_H

#include "mcu_flash.h"

typedef struct {
    mcu_flash flash; /* what the slots take */
    uint8_t *memory;
    uint32_t bytes;
} mcu_flash_ram;

/* memory: 4-byte aligned, a whole number of blocks; keeps what it holds. */
void mcu_flash_ram_init(mcu_flash_ram *ram, void *memory, uint32_t bytes, uint32_t block_bytes, uint32_t program_unit);

#endif
