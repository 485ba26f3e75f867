#include "mcu_flash_sim.h"
#include <string.h>

static uint32_t next_random(mcu_flash_sim *sim)
{
    sim->random = sim->random * 1664525u + 1013904223u;
    return sim->random >> 16;
}

/* Whether byte i of an operation on so many bytes is reached, and which of its bits. */
static uint8_t done_bits(mcu_flash_sim *sim, int is_cut, uint32_t i, uint32_t bytes)
{
    if (!is_cut || sim->tear == MCU_TEAR_COMPLETE) {
        return 0xFF;
    }
    switch (sim->tear) {
    case MCU_TEAR_FIRST:
        return i < bytes / 2u ? 0xFF : 0;
    case MCU_TEAR_SECOND:
        return i < bytes / 2u ? 0 : 0xFF;
    case MCU_TEAR_BITS:
        return (uint8_t)next_random(sim);
    default:
        return 0;
    }
}

static int begin(mcu_flash_sim *sim)
{
    return ++sim->operations == sim->cut_at;
}

static const void *read_memory(void *user, uint32_t address, uint32_t bytes)
{
    const mcu_flash_sim *sim = user;
    (void)bytes;
    return sim->memory + address;
}

static int program_unit(mcu_flash_sim *sim, uint32_t address, const uint8_t *from)
{
    const uint32_t unit = sim->flash.program_unit;
    const int is_cut = begin(sim);
    if (sim->spoiled[address / unit] && !is_cut) {
        sim->refused++;
        return 1;
    }
    uint8_t is_touched = !is_cut;
    for (uint32_t i = 0; i < unit; i++) {
        sim->memory[address + i] &= (uint8_t)(from[i] | (uint8_t)~done_bits(sim, is_cut, i, unit));
        is_touched |= sim->memory[address + i] != 0xFF;
    }
    sim->spoiled[address / unit] |= is_touched;
    if (is_cut) {
        sim->cut(sim->user);
    }
    return 0;
}

static int program(void *user, uint32_t address, const void *from, uint32_t bytes)
{
    mcu_flash_sim *sim = user;
    const uint32_t unit = sim->flash.program_unit;
    if (address % unit != 0 || bytes % unit != 0 || address > sim->bytes || bytes > sim->bytes - address) {
        sim->refused++;
        return 1;
    }
    for (uint32_t i = 0; i < bytes; i += unit) {
        if (program_unit(sim, address + i, (const uint8_t *)from + i) != 0) {
            return 1;
        }
    }
    return 0;
}

static int erase(void *user, uint32_t address)
{
    mcu_flash_sim *sim = user;
    const uint32_t block = sim->flash.block_bytes;
    const uint32_t units = block / sim->flash.program_unit;
    if (address % block != 0 || address >= sim->bytes) {
        sim->refused++;
        return 1;
    }
    const int is_cut = begin(sim);
    for (uint32_t i = 0; i < block; i++) {
        sim->memory[address + i] |= done_bits(sim, is_cut, i, block);
    }
    const int is_whole = !is_cut || sim->tear == MCU_TEAR_COMPLETE;
    if (is_whole || sim->tear != MCU_TEAR_NOTHING) {
        memset(sim->spoiled + address / sim->flash.program_unit, is_whole ? 0 : 1, units);
        sim->wear[address / block]++;
    }
    if (is_cut) {
        sim->cut(sim->user);
    }
    return 0;
}

void mcu_flash_sim_init(mcu_flash_sim *sim, uint8_t *memory, uint8_t *spoiled, uint32_t *wear, uint32_t bytes,
                        uint32_t block_bytes, uint32_t program_unit)
{
    const mcu_flash flash = {read_memory, program, erase, sim, block_bytes, program_unit};
    memset(sim, 0, sizeof *sim);
    sim->flash = flash;
    sim->memory = memory;
    sim->spoiled = spoiled;
    sim->wear = wear;
    sim->bytes = bytes;
}

void mcu_flash_sim_blank(mcu_flash_sim *sim)
{
    memset(sim->memory, 0xFF, sim->bytes);
    memset(sim->spoiled, 0, sim->bytes / sim->flash.program_unit);
    memset(sim->wear, 0, sim->bytes / sim->flash.block_bytes * sizeof *sim->wear);
}
