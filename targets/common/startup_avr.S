/* Reset and interrupt vectors of an AVR; libgcc's .init4 fills .data and .bss between the parts of the start-up here. */
    .equ SREG, 0x3f
    .equ SPL, 0x3d
    .equ SPH, 0x3e
    .equ EIND, 0x3c
    .equ STARTED_LOW, 0x5A /* two bytes that RAM does not begin with by itself */
    .equ STARTED_HIGH, 0xC3
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
    lds r24, mcu_started
    lds r25, mcu_started + 1
    cpi r24, STARTED_LOW
    brne 1f
    cpi r25, STARTED_HIGH
    brne 1f
    jmp null_call
1:  ldi r24, STARTED_LOW
    ldi r25, STARTED_HIGH
    sts mcu_started, r24
    sts mcu_started + 1, r25
    ldi r28, lo8(__stack_top - 1)
    ldi r29, hi8(__stack_top - 1)
    out SPH, r29
    out SPL, r28
#ifdef __AVR_HAVE_EIJMP_EICALL__
    out EIND, r1
#endif

    .section .noinit, "aw", @nobits
mcu_started:
    .space 2

/* The program has called address 0: where it would return to, in words, stands behind the stack pointer, high byte first. */
    .section .text.null_call, "ax"
null_call:
    in r30, SPL
    in r31, SPH
    clr r25
    clr r24
#ifdef __AVR_HAVE_EIJMP_EICALL__
    adiw r30, 1
    ld r24, Z
#endif
    ldd r23, Z+1
    ldd r22, Z+2
    jmp mcu_null_call

    .section .init9, "ax"
    call main
1:  rjmp 1b
