/* The flash in a file: "write" makes flash.bin in the working directory; "read FILE" checks it. */
#include "mcu_flash_file.h"
#include <string.h>

int main(int argc, char **argv)
{
    static const uint8_t text[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    const char *path = argc > 2 ? argv[2] : "flash.bin";
    mcu_flash_ram file;
    if (argc < 2 || mcu_flash_file_open(&file, path, 4096, 1024, 8) != 0) {
        return 2;
    }
    if (strcmp(argv[1], "write") == 0) {
        if (file.flash.erase(&file, 1024) != 0 || file.flash.program(&file, 1032, text, 8) != 0 ||
            file.flash.erase(&file, 1000) == 0 || file.flash.program(&file, 4096, text, 8) == 0) {
            return 3;
        }
    }
    const uint8_t *memory = file.flash.read(&file, 0, 4096);
    const int same = memory[0] == 0xFF && memory[4095] == 0xFF && memory[1031] == 0xFF && memcmp(memory + 1032, text, 8) == 0;
    return mcu_flash_file_close(&file) != 0 || !same;
}
