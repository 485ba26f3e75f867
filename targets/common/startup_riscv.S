/* Reset and trap entry of an RV32 core in machine mode, and memory protection. */
    .option arch, +zicsr

    .section .vectors, "ax"
    .global _start
_start:
    la sp, __stack_top
    la t0, mcu_fault_entry
    csrw mtvec, t0
    /* Only the target's memories may be touched, flash only read; locked entries bind machine mode too. */
    la t0, __flash_start
    srli t0, t0, 2
    csrw pmpaddr0, t0
    la t0, __flash_end
    srli t0, t0, 2
    csrw pmpaddr1, t0
    la t0, __ram_start
    srli t0, t0, 2
    csrw pmpaddr2, t0
    la t0, __ram_end
    srli t0, t0, 2
    csrw pmpaddr3, t0
    /* The boot ROM of QEMU's board, which keeps locked entries over a reset and begins there again. */
    li t0, 0x1000 >> 2
    csrw pmpaddr4, t0
    li t0, 0x2000 >> 2
    csrw pmpaddr5, t0
    li t0, -1
    csrw pmpaddr6, t0
    li t0, 0x8B008D00 /* two ranges: read and execute, read and write */
    csrw pmpcfg0, t0
    li t0, 0x00988D00 /* one more to execute; all the rest: nothing */
    csrw pmpcfg1, t0
    j mcu_reset

/* A trap may come with the stack pointer outside the memory: change the stack before anything else. */
    .section .text.mcu_fault_entry, "ax"
    .global mcu_fault_entry
    .type mcu_fault_entry, @function
    .balign 4
mcu_fault_entry:
    csrw mscratch, sp
    la sp, __fault_stack_top
    addi sp, sp, -144
    .irp n, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    sw x\n, 4*\n(sp)
    .endr
    csrr t0, mscratch
    sw t0, 8(sp)
    csrr t0, mcause
    sw t0, 0(sp)
    csrr t0, mepc
    sw t0, 128(sp)
    csrr t0, mtval
    sw t0, 132(sp)
    mv a0, sp
    call mcu_fault_report
1:  j 1b
    .size mcu_fault_entry, . - mcu_fault_entry
