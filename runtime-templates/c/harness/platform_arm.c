/* Bare-metal Arm under an emulator or debugger: files by semihosting, faults written to "fault.bin". */
#include "harness.h"

#include <string.h>

/* Operations of "Semihosting for AArch32 and AArch64" (Arm). */
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
#define EXIT_FAULT 70

static uint32_t semihost(uint32_t operation, const void *arguments) {
    register uint32_t r0 __asm("r0") = operation;
    register const void *r1 __asm("r1") = arguments;
    __asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

int mcu_platform_open(const char *name, int for_writing) {
    const uint32_t arguments[3] = {(uint32_t)name, for_writing ? OPEN_WRITE_BINARY : OPEN_READ_BINARY,
                                   (uint32_t)strlen(name)};
    return (int)semihost(SYS_OPEN, arguments);
}

size_t mcu_platform_read(int file, void *to, size_t bytes) {
    const uint32_t arguments[3] = {(uint32_t)file, (uint32_t)to, bytes};
    const uint32_t missing = semihost(SYS_READ, arguments);
    return missing <= bytes ? bytes - missing : 0;
}

int mcu_platform_write(int file, const void *from, size_t bytes) {
    const uint32_t arguments[3] = {(uint32_t)file, (uint32_t)from, bytes};
    return semihost(SYS_WRITE, arguments) != 0;
}

void mcu_platform_exit(int code) {
    const uint32_t arguments[2] = {ADP_STOPPED_APPLICATION_EXIT, (uint32_t)code};
    semihost(SYS_EXIT_EXTENDED, arguments);
    for (;;) {
    }
}

/* The command line is "mcu ADAPTER". */
static int read_adapter(void) {
    static char line[64];
    uint32_t arguments[2] = {(uint32_t)line, sizeof line};
    if (semihost(SYS_GET_CMDLINE, arguments) != 0) {
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

extern uint32_t __stack_limit[], __fault_stack_top[];
void mcu_fault_report(uint32_t exc_return, const uint32_t *frame, uint32_t exception);

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define CFSR_FRAME_NOT_WRITTEN ((1u << 4) | (1u << 12) | (1u << 20)) /* MSTKERR, STKERR, STKOF */
#define FRAME_WORDS 8

/* Called on the fault stack. The record: exception, exc_return, sp, CFSR, HFSR, MMFAR, BFAR, frame valid, the frame. */
void mcu_fault_report(uint32_t exc_return, const uint32_t *frame, uint32_t exception) {
    uint32_t words[8 + FRAME_WORDS] = {exception,
                                       exc_return,
                                       (uint32_t)frame,
                                       REGISTER(0xE000ED28u),
                                       REGISTER(0xE000ED2Cu),
                                       REGISTER(0xE000ED34u),
                                       REGISTER(0xE000ED38u),
                                       0};
    if ((words[3] & CFSR_FRAME_NOT_WRITTEN) == 0 && frame >= __stack_limit && frame < __fault_stack_top) {
        words[7] = 1;
        memcpy(&words[8], frame, FRAME_WORDS * sizeof frame[0]);
    }
    const int file = mcu_platform_open("fault.bin", 1);
    (void)mcu_platform_write(file, words, sizeof words);
    mcu_platform_exit(EXIT_FAULT);
}
