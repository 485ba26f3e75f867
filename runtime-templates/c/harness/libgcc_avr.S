/*
 * libgcc's product of an unsigned and a signed 16-bit number, with a branch where libgcc skips a return: QEMU (7.2) does not
 * leave a skipped RET. r25:r22 = r19:r18 * r27:r26, the latter signed; registers as in libgcc.
 */
    .section .text.mcu_usmulhisi3, "ax"
    .global __usmulhisi3
    .global __usmulhisi3_tail
    .type __usmulhisi3, @function
    .type __usmulhisi3_tail, @function
__usmulhisi3:
    call __umulhisi3
__usmulhisi3_tail:
    tst r27
    brpl 1f
    sub r24, r18
    sbc r25, r19
1:  ret
