/*
 * int mcu_harness_call(int (*run)(MODEL_T *), MODEL_T *net)
 *
 * Paints the free stack, calls run(net), and stores in mcu_harness_stack_bytes how far below the caller's stack pointer
 * the call has written. In the instructions that every Cortex-M has.
 */
    .syntax unified
    .thumb

    .equ PAINT, 0xC5A33A5C

    .section .text.mcu_harness_call, "ax"
    .global mcu_harness_call
    .global mcu_harness_return
    .type mcu_harness_call, %function
    .thumb_func
mcu_harness_call:
    push {r4, r5, r6, lr}
    mov r4, r0
    mov r5, r1
    ldr r2, =__stack_limit
    ldr r3, =PAINT
    mov r6, sp
1:  cmp r2, r6
    bhs 2f
    str r3, [r2]
    adds r2, #4
    b 1b
2:  mov r0, r5
    blx r4
mcu_harness_return:
    ldr r2, =__stack_limit
    ldr r3, =PAINT
3:  cmp r2, r6
    bhs 4f
    ldr r1, [r2]
    adds r2, #4
    cmp r1, r3
    beq 3b
    subs r2, #4
4:  subs r1, r6, r2
    ldr r2, =mcu_harness_stack_bytes
    str r1, [r2]
    pop {r4, r5, r6, pc}
    .ltorg
    .size mcu_harness_call, . - mcu_harness_call

    .section .bss.mcu_harness_stack_bytes, "aw", %nobits
    .global mcu_harness_stack_bytes
    .balign 4
mcu_harness_stack_bytes:
    .space 4
