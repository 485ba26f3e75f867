/* RISC-V: faults are written to "fault.bin". */
#include "harness.h"
#include "semihosting.h"

void mcu_fault_report(const uint32_t *record);

/* Called on the fault stack. The record: mcause, x1 to x31, mepc, mtval (see startup_riscv.S). */
void mcu_fault_report(const uint32_t *record) {
    const int file = mcu_platform_open("fault.bin", 1);
    (void)mcu_platform_write(file, record, 34 * sizeof record[0]);
    mcu_platform_exit(EXIT_FAULT);
}
