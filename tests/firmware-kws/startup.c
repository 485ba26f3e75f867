/* Vector table and reset of a Cortex-M4. */
#include <stdint.h>

extern uint32_t __stack_top[], __data_load[], __data_start[], __data_end[], __bss_start[], __bss_end[];

int main(void);
void Reset_Handler(void);
void Fault_Handler(void);

/* A debugger or an emulator stops here; a product would reset. */
void Fault_Handler(void)
{
    for (;;) {
    }
}

void Reset_Handler(void)
{
    *(volatile uint32_t *)0xE000ED88u |= 15u << 20; /* CPACR: the FPU */
    __asm volatile("dsb\n isb" ::: "memory");
    volatile uint32_t *to = __data_start;
    for (const uint32_t *from = __data_load; to < __data_end; from++) {
        *to++ = *from;
    }
    for (to = __bss_start; to < __bss_end; to++) {
        *to = 0;
    }
    (void)main();
    Fault_Handler();
}

typedef void (*handler)(void);

/* No interrupt is used. */
__attribute__((section(".vectors"), used)) static const handler vectors[16] = {
    (handler)(uintptr_t)__stack_top, Reset_Handler, Fault_Handler, Fault_Handler, Fault_Handler, Fault_Handler, Fault_Handler,
    Fault_Handler, Fault_Handler, Fault_Handler, Fault_Handler, Fault_Handler, Fault_Handler, Fault_Handler, Fault_Handler, Fault_Handler,
};
