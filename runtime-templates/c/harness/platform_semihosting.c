/* Bare-metal firmware under an emulator or debugger: files by semihosting. */
#include "harness.h"
#include "semihosting.h"

#include <string.h>

/* Operations of "Semihosting for AArch32 and AArch64" (Arm), which RISC-V has taken over. */
enum {
    SYS_OPEN = 0x01,
    SYS_WRITE = 0x05,
    SYS_READ = 0x06,
    SYS_GET_CMDLINE = 0x15,
    SYS_EXIT_EXTENDED = 0x20
};

#define OPEN_READ_BINARY 1u
#define OPEN_WRITE_BINARY 5u
#define ADP_STOPPED_APPLICATION_EXIT 0x20026u

int mcu_platform_open(const char *name, int for_writing) {
    const uint32_t arguments[3] = {(uint32_t)name, for_writing ? OPEN_WRITE_BINARY : OPEN_READ_BINARY,
                                   (uint32_t)strlen(name)};
    return (int)mcu_semihost(SYS_OPEN, arguments);
}

size_t mcu_platform_read(int file, void *to, size_t bytes) {
    const uint32_t arguments[3] = {(uint32_t)file, (uint32_t)to, bytes};
    const uint32_t missing = mcu_semihost(SYS_READ, arguments);
    return missing <= bytes ? bytes - missing : 0;
}

int mcu_platform_write(int file, const void *from, size_t bytes) {
    const uint32_t arguments[3] = {(uint32_t)file, (uint32_t)from, bytes};
    return mcu_semihost(SYS_WRITE, arguments) != 0;
}

void mcu_platform_exit(int code) {
    const uint32_t arguments[2] = {ADP_STOPPED_APPLICATION_EXIT, (uint32_t)code};
    mcu_semihost(SYS_EXIT_EXTENDED, arguments);
    for (;;) {
    }
}

/* The command line is "mcu ADAPTER". */
static int read_adapter(void) {
    static char line[64];
    uint32_t arguments[2] = {(uint32_t)line, sizeof line};
    if (mcu_semihost(SYS_GET_CMDLINE, arguments) != 0) {
        return -1;
    }
    const char *at = strchr(line, ' ');
    int index = 0;
    for (at = at == NULL ? line : at + 1; *at >= '0' && *at <= '9'; at++) {
        index = index * 10 + (*at - '0');
    }
    return index;
}

int main(void);

int main(void) {
    return mcu_harness_main(read_adapter());
}
