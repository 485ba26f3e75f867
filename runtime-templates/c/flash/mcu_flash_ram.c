#include "mcu_flash_ram.h"
#include <string.h>

static const void *read_memory(void *user, uint32_t address, uint32_t bytes)
{
    const mcu_flash_ram *ram = user;
    (void)bytes;
    return ram->memory + address;
}

static int program(void *user, uint32_t address, const void *from, uint32_t bytes)
{
    mcu_flash_ram *ram = user;
    if (address > ram->bytes || bytes > ram->bytes - address) {
        return 1;
    }
    memcpy(ram->memory + address, from, bytes);
    return 0;
}

static int erase(void *user, uint32_t address)
{
    mcu_flash_ram *ram = user;
    if (address % ram->flash.block_bytes != 0 || address >= ram->bytes) {
        return 1;
    }
    memset(ram->memory + address, 0xFF, ram->flash.block_bytes);
    return 0;
}

void mcu_flash_ram_init(mcu_flash_ram *ram, void *memory, uint32_t bytes, uint32_t block_bytes, uint32_t program_unit)
{
    const mcu_flash flash = {read_memory, program, erase, ram, block_bytes, program_unit};
    ram->flash = flash;
    ram->memory = memory;
    ram->bytes = bytes;
}
