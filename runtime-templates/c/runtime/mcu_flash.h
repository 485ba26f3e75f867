/* What the slots need of a flash memory: the one interface to write for a new device. */
#ifndef MCU_FLASH_H
#define MCU_FLASH_H

#include <stdint.h>

/*
 * Addresses count from 0 and may start anywhere in the device's flash. Functions return 0 on success.
 * An interrupted program or erase may leave any bits of what it was given; nothing else may change.
 */
typedef struct {
    /* Where bytes can be read in place; a cache in front of the flash must not show what was there before. */
    const void *(*read)(void *user, uint32_t address, uint32_t bytes);
    /* Whole program units at a multiple of one, each erased before and programmed once. */
    int (*program)(void *user, uint32_t address, const void *from, uint32_t bytes);
    /* One block: all its bytes become 0xFF. */
    int (*erase)(void *user, uint32_t address);
    void *user;
    uint32_t block_bytes;  /* of one erase, a multiple of 64 */
    uint32_t program_unit; /* 1, 2, 4, 8, 16, 32 or 64 bytes */
} mcu_flash;

#endif
