/* A flash in a file, for programs on a POSIX host: the file is mapped into memory and written through. */
#ifndef MCU_FLASH_FILE_H
#define MCU_FLASH_FILE_H

#include "mcu_flash_ram.h"

/* Opens or makes the file, erased where it is new; 0 on success. */
int mcu_flash_file_open(mcu_flash_ram *file, const char *path, uint32_t bytes, uint32_t block_bytes, uint32_t program_unit);

/* Writes back and unmaps. */
int mcu_flash_file_close(mcu_flash_ram *file);

#endif
