/* Reset of an RV32 core after its entry: data, then main. */
#include <stdint.h>

extern uint32_t __data_load[], __data_start[], __data_end[], __bss_start[], __bss_end[];

int main(void);
void mcu_platform_exit(int code);
void mcu_reset(void);

/* Loops over volatile words: the compiler must not make library calls of them before the data is there. */
void mcu_reset(void) {
    volatile uint32_t *to = __data_start;
    for (const uint32_t *from = __data_load; to < __data_end; from++) {
        *to++ = *from;
    }
    for (to = __bss_start; to < __bss_end; to++) {
        *to = 0;
    }
    mcu_platform_exit(main());
    for (;;) {
    }
}
