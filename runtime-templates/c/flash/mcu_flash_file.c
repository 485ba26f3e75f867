#define _POSIX_C_SOURCE 200809L
#include "mcu_flash_file.h"
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Makes the file as long as the flash; 0xFF where it is new. */
static int extend(int file, uint32_t bytes)
{
    uint8_t blank[512];
    struct stat status;
    memset(blank, 0xFF, sizeof blank);
    if (fstat(file, &status) != 0 || status.st_size > (off_t)bytes || lseek(file, 0, SEEK_END) < 0) {
        return 1;
    }
    for (uint32_t at = (uint32_t)status.st_size; at < bytes;) {
        const uint32_t rest = bytes - at;
        const size_t count = rest < sizeof blank ? rest : sizeof blank;
        if (write(file, blank, count) != (ssize_t)count) {
            return 1;
        }
        at += (uint32_t)count;
    }
    return 0;
}

int mcu_flash_file_open(mcu_flash_ram *file, const char *path, uint32_t bytes, uint32_t block_bytes, uint32_t program_unit)
{
    const int handle = open(path, O_RDWR | O_CREAT, 0600);
    if (handle < 0) {
        return 1;
    }
    void *memory = extend(handle, bytes) == 0 ? mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, handle, 0) : MAP_FAILED;
    close(handle);
    if (memory == MAP_FAILED) {
        return 1;
    }
    mcu_flash_ram_init(file, memory, bytes, block_bytes, program_unit);
    return 0;
}

int mcu_flash_file_close(mcu_flash_ram *file)
{
    const int status = msync(file->memory, file->bytes, MS_SYNC);
    return munmap(file->memory, file->bytes) != 0 || status != 0;
}
