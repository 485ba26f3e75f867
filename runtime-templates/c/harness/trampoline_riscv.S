/*
 * int mcu_harness_call(int (*run)(MODEL_T *), MODEL_T *net)
 *
 * Paints the free stack, calls run(net), and stores in mcu_harness_stack_bytes how far below the caller's stack pointer
 * the call has written.
 */
    .equ PAINT, 0xC5A33A5C

    .section .text.mcu_harness_call, "ax"
    .global mcu_harness_call
    .global mcu_harness_return
    .type mcu_harness_call, @function
mcu_harness_call:
    addi sp, sp, -16
    sw ra, 12(sp)
    sw s0, 8(sp)
    mv t0, a0
    mv s0, sp
    mv a0, a1
    la t1, __stack_limit
    li t2, PAINT
1:  bgeu t1, s0, 2f
    sw t2, 0(t1)
    addi t1, t1, 4
    j 1b
2:  jalr t0
mcu_harness_return:
    la t1, __stack_limit
    li t2, PAINT
3:  bgeu t1, s0, 4f
    lw t3, 0(t1)
    bne t3, t2, 4f
    addi t1, t1, 4
    j 3b
4:  sub t1, s0, t1
    la t2, mcu_harness_stack_bytes
    sw t1, 0(t2)
    lw ra, 12(sp)
    lw s0, 8(sp)
    addi sp, sp, 16
    ret
    .size mcu_harness_call, . - mcu_harness_call

/* The sequence that marks a semihosting call, uncompressed and within one page ("RISC-V Semihosting", version 1.0). */
    .section .text.mcu_semihost, "ax"
    .global mcu_semihost
    .global mcu_semihost_call
    .type mcu_semihost, @function
    .option push
    .option norvc
    .balign 16
mcu_semihost:
    slli zero, zero, 0x1f
mcu_semihost_call:
    ebreak
    srai zero, zero, 7
    ret
    .option pop
    .size mcu_semihost, . - mcu_semihost

    .section .bss.mcu_harness_stack_bytes, "aw", %nobits
    .global mcu_harness_stack_bytes
    .balign 4
mcu_harness_stack_bytes:
    .space 4
