/*
 * Programs clear bits and take whole units, erasing sets a block, erases are counted. A power cut in the middle leaves what
 * was done until then.
 */
#include "nor.h"
#include <string.h>

#define CHIP_MADE 0x4D4F4E21u

/* The whole chip; an emulator keeps this variable when it cuts the power. */
typedef struct {
    volatile uint32_t made;
    uint32_t erases[NOR_BLOCKS];
    uint8_t memory[NOR_BLOCKS * NOR_BLOCK_BYTES] __attribute__((aligned(8)));
} nor_chip;

nor_chip nor __attribute__((section(".nor")));

static const void *read_memory(void *user, uint32_t address, uint32_t bytes)
{
    (void)user;
    (void)bytes;
    return nor.memory + address;
}

static int program(void *user, uint32_t address, const void *from, uint32_t bytes)
{
    const uint8_t *next = from;
    (void)user;
    if (address % NOR_UNIT != 0 || bytes % NOR_UNIT != 0 || address > sizeof nor.memory || bytes > sizeof nor.memory - address) {
        return 1;
    }
    for (volatile uint8_t *to = nor.memory + address; bytes != 0; bytes--) {
        *to++ &= *next++;
    }
    return 0;
}

static int erase(void *user, uint32_t address)
{
    (void)user;
    if (address % NOR_BLOCK_BYTES != 0 || address >= sizeof nor.memory) {
        return 1;
    }
    nor.erases[address / NOR_BLOCK_BYTES]++;
    for (volatile uint32_t *to = (volatile uint32_t *)(void *)(nor.memory + address), *end = to + NOR_BLOCK_BYTES / 4u; to < end; to++) {
        *to = 0xFFFFFFFFu;
    }
    return 0;
}

const mcu_flash nor_flash = {read_memory, program, erase, 0, NOR_BLOCK_BYTES, NOR_UNIT};

/* An emulator's RAM begins with anything; a new chip is erased. */
void nor_open(void)
{
    if (nor.made != CHIP_MADE) {
        memset(nor.memory, 0xFF, sizeof nor.memory);
        memset(nor.erases, 0, sizeof nor.erases);
        __asm volatile("" ::: "memory");
        nor.made = CHIP_MADE;
    }
}
