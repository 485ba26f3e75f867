/* Reset and interrupt vectors of an AVR; libgcc's .init4 fills .data and .bss between the parts of the start-up here. */
    .equ SREG, 0x3f
    .equ SPL, 0x3d
    .equ SPH, 0x3e
    .equ EIND, 0x3c
    .equ INTERRUPTS, 56 /* of the ATmega2560, no AVR target has more */

    .section .vectors, "ax"
    .global __vectors
__vectors:
    jmp __init
    .rept INTERRUPTS
    jmp mcu_bad_interrupt
    .endr

    .section .init0, "ax"
    .global __init
__init:
    clr r1
    out SREG, r1
    ldi r28, lo8(__stack_top - 1)
    ldi r29, hi8(__stack_top - 1)
    out SPH, r29
    out SPL, r28
#ifdef __AVR_HAVE_EIJMP_EICALL__
    out EIND, r1
#endif

    .section .init9, "ax"
    call main
1:  rjmp 1b
