/*
 * A simulated NOR flash for tests: each unit is programmed once between erases, power can be cut at any operation, which
 * is then half done, and erases are counted.
 */
#ifndef MCU_FLASH_SIM_H
#define MCU_FLASH_SIM_H

#include "mcu_flash.h"

/* What is left of the operation that is cut. */
enum {
    MCU_TEAR_NOTHING,   /* it had not begun */
    MCU_TEAR_FIRST,     /* the first half of the bytes */
    MCU_TEAR_SECOND,    /* the second half */
    MCU_TEAR_BITS,      /* some bits of all bytes */
    MCU_TEAR_COMPLETE,  /* all of it, but nobody was told */
    MCU_TEARS
};

typedef struct {
    mcu_flash flash; /* what the slots take */
    uint8_t *memory;
    uint8_t *spoiled;   /* per unit: not erased since it was programmed or torn */
    uint32_t *wear;     /* per block: erases */
    uint32_t bytes;
    uint32_t operations; /* units programmed and blocks erased */
    uint32_t cut_at;     /* the operation that is cut, counted from 1; 0 for none */
    uint32_t tear;
    uint32_t random;
    uint32_t refused;    /* operations against the rules: wrong alignment, or a unit that is not erased */
    void (*cut)(void *user); /* does not return */
    void *user;
} mcu_flash_sim;

/* memory: bytes, 4-byte aligned; spoiled: one byte per unit; wear: one word per block. All keep what they hold. */
void mcu_flash_sim_init(mcu_flash_sim *sim, uint8_t *memory, uint8_t *spoiled, uint32_t *wear, uint32_t bytes,
                        uint32_t block_bytes, uint32_t program_unit);

/* A new device: all erased, no wear. */
void mcu_flash_sim_blank(mcu_flash_sim *sim);

#endif
