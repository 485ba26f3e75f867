/*
 * int mcu_harness_call(int (*run)(MODEL_T *), MODEL_T *net)
 *
 * Paints all free RAM, calls run(net), and stores in mcu_harness_stack_bytes how far below the caller's stack pointer
 * the call has written, its return address included. A network that has left the stack does not come back.
 */
    .equ PAINT, 0xC5
    .equ SPL, 0x3d
    .equ SPH, 0x3e

    .section .text.mcu_harness_call, "ax"
    .global mcu_harness_call
    .global mcu_harness_return
    .type mcu_harness_call, @function
mcu_harness_call:
    push r28
    push r29
    in r28, SPL
    in r29, SPH
    ldi r26, lo8(__noinit_end)
    ldi r27, hi8(__noinit_end)
    ldi r18, PAINT
1:  st X+, r18
    cp r28, r26
    cpc r29, r27
    brsh 1b
    movw r30, r24
    movw r24, r22
#ifdef __AVR_HAVE_EIJMP_EICALL__
    eicall
#else
    icall
#endif
mcu_harness_return:
    ldi r26, lo8(__noinit_end)
    ldi r27, hi8(__noinit_end)
    ldi r18, PAINT
2:  cp r28, r26
    cpc r29, r27
    brlo 3f
    ld r19, X+
    cp r19, r18
    breq 2b
    sbiw r26, 1
3:  ldi r20, hi8(__stack_limit)
    cpi r26, lo8(__stack_limit)
    cpc r27, r20
    brlo 4f
    movw r18, r28
    sub r18, r26
    sbc r19, r27
    subi r18, 0xff
    sbci r19, 0xff
    sts mcu_harness_stack_bytes, r18
    sts mcu_harness_stack_bytes + 1, r19
    sts mcu_harness_stack_bytes + 2, r1
    sts mcu_harness_stack_bytes + 3, r1
    pop r29
    pop r28
    ret
4:  jmp mcu_stack_overflow
    .size mcu_harness_call, . - mcu_harness_call

/* Where the program stands when all is done: the emulator ends here. */
    .section .text.mcu_platform_end, "ax"
    .global mcu_platform_end
    .type mcu_platform_end, @function
mcu_platform_end:
    rjmp mcu_platform_end
    .size mcu_platform_end, . - mcu_platform_end

    .section .bss.mcu_harness_stack_bytes, "aw", @nobits
    .global mcu_harness_stack_bytes
mcu_harness_stack_bytes:
    .space 4
