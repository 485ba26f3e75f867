/*
 * Driver of a flash chip on the bus: the NOR flash of the test harness in Renode (docs/EMULATION.md), which tears operations
 * and counts erases. Build with NOR=nor_chip.
 */
#include "nor.h"
#include <string.h>

#define CHIP 0x60000000u
#define WORD(address) (*(volatile uint32_t *)(CHIP + (address)))
#define REGISTERS (NOR_BLOCKS * NOR_BLOCK_BYTES)
#define ERASE WORD(REGISTERS)
#define STATUS WORD(REGISTERS)
#define CLEAR WORD(REGISTERS + 4u)

static const void *read_memory(void *user, uint32_t address, uint32_t bytes)
{
    (void)user;
    (void)bytes;
    return (const void *)(CHIP + address);
}

static int program(void *user, uint32_t address, const void *from, uint32_t bytes)
{
    const uint8_t *next = from;
    (void)user;
    if (address % NOR_UNIT != 0 || bytes % NOR_UNIT != 0 || address > REGISTERS || bytes > REGISTERS - address) {
        return 1;
    }
    CLEAR = 0;
    for (; bytes != 0; bytes -= sizeof(uint32_t), address += sizeof(uint32_t), next += sizeof(uint32_t)) {
        uint32_t word;
        memcpy(&word, next, sizeof word);
        WORD(address) = word;
    }
    return STATUS != 0;
}

static int erase(void *user, uint32_t address)
{
    (void)user;
    if (address % NOR_BLOCK_BYTES != 0 || address >= REGISTERS) {
        return 1;
    }
    ERASE = address;
    return 0;
}

const mcu_flash nor_flash = {read_memory, program, erase, 0, NOR_BLOCK_BYTES, NOR_UNIT};

void nor_open(void)
{
}
