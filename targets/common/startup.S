/* Vector table and fault entry, in the instructions that every Cortex-M has. */
    .syntax unified
    .thumb

    .section .vectors, "a"
    .word __stack_top
    .word Reset_Handler
    .rept 14
    .word mcu_fault_entry
    .endr
    .rept 96
    .word mcu_fault_entry
    .endr

/* A fault may come with the stack pointer outside the memory: change the stack before anything else. */
    .section .text.mcu_fault_entry, "ax"
    .global mcu_fault_entry
    .thumb_func
mcu_fault_entry:
    mov r0, lr
    mrs r1, msp
    mrs r2, ipsr
    ldr r3, =__fault_stack_top
    msr msp, r3
    bl mcu_fault_report
1:  b 1b
    .ltorg
