/* Arm M-profile: the semihosting call; faults are written to "fault.bin". */
#include "harness.h"
#include "semihosting.h"

#include <string.h>

uint32_t mcu_semihost(uint32_t operation, const void *arguments) {
    register uint32_t r0 __asm("r0") = operation;
    register const void *r1 __asm("r1") = arguments;
    __asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
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
