/* Reset of a Cortex-M: coprocessors, fault handlers, memory protection, stack limit, data, then main. */
#include <stdint.h>

extern uint32_t __vectors_start[], __vectors_end[], __flash_start[], __flash_end[], __ram_start[], __ram_end[];
extern uint32_t __data_load[], __data_start[], __data_end[], __bss_start[], __bss_end[], __stack_limit[];

int main(void);
void mcu_platform_exit(int code);
void Reset_Handler(void);

#define SCB_CCR (*(volatile uint32_t *)0xE000ED14u)
#define SCB_SHCSR (*(volatile uint32_t *)0xE000ED24u)
#define SCB_CPACR (*(volatile uint32_t *)0xE000ED88u)

#define CCR_UNALIGN_TRP (1u << 3)
#define CCR_DIV_0_TRP (1u << 4)
#define SHCSR_FAULTS_ENABLED (7u << 16)
#define CPACR_FPU_FULL_ACCESS (15u << 20)

static void configure_core(void) {
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
    SCB_CPACR |= CPACR_FPU_FULL_ACCESS;
    __asm volatile("dsb\n isb" ::: "memory");
#endif
#if defined(__ARM_ARCH_6M__)
    /* On the Armv7-M core that runs Armv6-M code, an unaligned access must fault as it does on Armv6-M. */
    SCB_CCR |= CCR_UNALIGN_TRP;
#else
    SCB_SHCSR |= SHCSR_FAULTS_ENABLED;
    SCB_CCR |= CCR_DIV_0_TRP;
#endif
#if defined(__ARM_ARCH_8M_MAIN__) || defined(__ARM_ARCH_8_1M_MAIN__)
    __asm volatile("msr msplim, %0" : : "r"(__stack_limit));
#endif
}

#define MPU_TYPE (*(volatile uint32_t *)0xE000ED90u)
#define MPU_CTRL (*(volatile uint32_t *)0xE000ED94u)
#define MPU_RNR (*(volatile uint32_t *)0xE000ED98u)
#define MPU_RBAR (*(volatile uint32_t *)0xE000ED9Cu)
#define MPU_RASR_RLAR (*(volatile uint32_t *)0xE000EDA0u)
#define MPU_MAIR0 (*(volatile uint32_t *)0xE000EDC0u)

#define MPU_TYPE_REGIONS 0xFF00u
#define MPU_CTRL_ENABLE 1u

#if defined(__ARM_ARCH_8M_MAIN__) || defined(__ARM_ARCH_8_1M_MAIN__) || defined(__ARM_ARCH_8M_BASE__)

/* The core's own peripherals need no region on hardware and in QEMU; Renode asks for one. */
#define PRIVATE_PERIPHERALS 0xE0000000u
#define PRIVATE_PERIPHERALS_END 0xE0100000u

/* A region is a range. */
static uint32_t allow(uint32_t region, uint32_t start, uint32_t end, int writable) {
    const uint32_t access = writable ? 1u /* read-write, never executed */ : 4u /* read only */;
    MPU_MAIR0 = 0x44u; /* normal memory, not cached */
    MPU_RNR = region;
    MPU_RBAR = start | access;
    MPU_RASR_RLAR = (end - 32u) | 1u;
    return region + 1u;
}

#else

/* A region is a power of two, at a multiple of its size: a range may need several. target.json is checked for that. */
static uint32_t allow(uint32_t region, uint32_t start, uint32_t end, int writable) {
    const uint32_t access = writable ? 0x13000000u /* read-write, never executed */ : 0x06000000u /* read only */;
    while (start < end) {
        uint32_t log2 = 10;
        while (log2 < 31u && (start & (1u << log2)) == 0 && (2u << log2) <= end - start) {
            log2++;
        }
        MPU_RNR = region++;
        MPU_RBAR = start;
        MPU_RASR_RLAR = access | 0x00020000u | ((log2 - 1u) << 1) | 1u;
        start += 1u << log2;
    }
    return region;
}

#endif

/* Only the target's memories may be touched, and flash only read; some boards ignore accesses to nowhere. */
static void protect_memory(void) {
    if ((MPU_TYPE & MPU_TYPE_REGIONS) == 0) {
        return; /* a core without */
    }
    uint32_t region = allow(0, (uint32_t)__flash_start, (uint32_t)__flash_end, 0);
    region = allow(region, (uint32_t)__ram_start, (uint32_t)__ram_end, 1);
    if (&__vectors_start[0] != &__flash_start[0]) {
        region = allow(region, (uint32_t)__vectors_start, (uint32_t)__vectors_end, 0);
    }
#if defined(PRIVATE_PERIPHERALS)
    region = allow(region, PRIVATE_PERIPHERALS, PRIVATE_PERIPHERALS_END, 1);
#endif
    (void)region;
    MPU_CTRL = MPU_CTRL_ENABLE;
    __asm volatile("dsb\n isb" ::: "memory");
}

/* Loops over volatile words: the compiler must not make library calls of them before the data is there. */
static void prepare_memory(void) {
    volatile uint32_t *to = __data_start;
    for (const uint32_t *from = __data_load; to < __data_end; from++) {
        *to++ = *from;
    }
    for (to = __bss_start; to < __bss_end; to++) {
        *to = 0;
    }
}

void Reset_Handler(void) {
    configure_core();
    protect_memory();
    prepare_memory();
    mcu_platform_exit(main());
    for (;;) {
    }
}
