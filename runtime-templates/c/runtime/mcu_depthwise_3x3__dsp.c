/*
 * The 3x3 depthwise kernel for the DSP extension, in assembly, so that its instruction count does not depend on a
 * compiler. Exact: the bytes of the int8 reference. Other cores, the host among them, get the same in C.
 */
#include "mcu_depthwise_3x3__dsp.h"

#if defined(__ARM_FEATURE_DSP)

/* Two outputs of one row: r10 = (x0, x1), r11 = (x2, x3). */
#define ROW_PAIR(pointer, w01, w12)                                                                                  \
    "ldrd r10, r11, [" pointer "], #4\n"                                                                             \
    "smlad r12, r10, " w01 ", r12\n"                                                                                 \
    "smlatb lr, r10, " w01 ", lr\n"                                                                                  \
    "smlabt r12, r11, " w12 ", r12\n"                                                                                \
    "smlad lr, r11, " w12 ", lr\n"

#define ROW_SINGLE(pointer, w01, w12)                                                                                \
    "ldrd r10, r11, [" pointer "], #4\n"                                                                             \
    "smlad r12, r10, " w01 ", r12\n"                                                                                 \
    "smlabt r12, r11, " w12 ", r12\n"

/* r0, r1, r3: rows; r4-r6: (w0, w1); r7-r9: (w1, w2); r2: out; [36]: the struct. Requantisation as in mcu_linear. */
__asm__(".syntax unified\n"
        ".thumb\n"
        ".section .text.mcu_depthwise_3x3__dsp,\"ax\",%progbits\n"
        ".balign 4\n"
        ".global mcu_depthwise_3x3__dsp\n"
        ".type mcu_depthwise_3x3__dsp, %function\n"
        ".thumb_func\n"
        "mcu_depthwise_3x3__dsp:\n"
        "push {r4-r11, lr}\n"
        "ldm r2, {r4-r9}\n"
        "mov r2, r3\n"
        "add r1, r0, r1\n"
        "rsb r3, r0, r1, lsl #1\n"
        "0:\n"
        "ldr r10, [sp, #36]\n"
        "cmp r2, r10\n"
        "beq 2f\n"
        "1:\n"
        "ldr r12, [sp, #56]\n"
        "mov lr, r12\n" ROW_PAIR("r0", "r4", "r7") ROW_PAIR("r1", "r5", "r8") ROW_PAIR("r3", "r6", "r9")
        "ldrd r10, r11, [sp, #60]\n"
        "smmlar r12, r12, r10, r12\n"
        "smmlar lr, lr, r10, lr\n"
        "add r12, r12, r12, asr #31\n"
        "add lr, lr, lr, asr #31\n"
        "add r12, r12, r11\n"
        "add lr, lr, r11\n"
        "ldrd r10, r11, [sp, #68]\n"
        "asr r12, r12, r10\n"
        "asr lr, lr, r10\n"
        "ssat r12, #8, r12\n"
        "ssat lr, #8, lr\n"
        "strb r12, [r2]\n"
        "strb lr, [r2, r11]\n"
        "add r2, r2, r11, lsl #1\n"
        "ldr r10, [sp, #36]\n"
        "cmp r2, r10\n"
        "bne 1b\n"
        "2:\n"
        "ldr r10, [sp, #40]\n"
        "cmp r2, r10\n"
        "beq 4f\n"
        "3:\n"
        "ldr r12, [sp, #56]\n" ROW_SINGLE("r0", "r4", "r7") ROW_SINGLE("r1", "r5", "r8") ROW_SINGLE("r3", "r6", "r9")
        "ldrd r10, r11, [sp, #60]\n"
        "smmlar r12, r12, r10, r12\n"
        "add r12, r12, r12, asr #31\n"
        "add r12, r12, r11\n"
        "ldrd r10, r11, [sp, #68]\n"
        "asr r12, r12, r10\n"
        "ssat r12, #8, r12\n"
        "strb r12, [r2]\n"
        "add r2, r2, r11\n"
        "ldr r10, [sp, #40]\n"
        "cmp r2, r10\n"
        "bne 3b\n"
        "4:\n"
        "ldr r10, [sp, #44]\n"
        "cmp r2, r10\n"
        "beq 5f\n"
        "ldrd r10, r11, [sp, #36]\n"
        "ldrd r12, lr, [sp, #48]\n"
        "add r10, r10, r12\n"
        "add r11, r11, r12\n"
        "strd r10, r11, [sp, #36]\n"
        "add r0, r0, lr\n"
        "add r1, r1, lr\n"
        "add r3, r3, lr\n"
        "b 0b\n"
        "5:\n"
        "pop {r4-r11, pc}\n"
        ".size mcu_depthwise_3x3__dsp, . - mcu_depthwise_3x3__dsp\n"
        ".text\n");

#else

#include "mcu_numerics.h"
#include <stddef.h>

static int8_t finish_3x3(const int16_t *x, size_t row, const uint32_t *taps, const mcu_depthwise_rows *rows)
{
    int32_t sum = rows->start;
    for (int ky = 0; ky < 3; ky++, x += row) {
        sum += mcu_low_half(taps[ky]) * x[0] + mcu_high_half(taps[ky]) * x[1] + mcu_high_half(taps[ky + 3]) * x[2];
    }
    const int32_t multiplier = (int32_t)(rows->twice_multiplier / 2u);
    return (int8_t)mcu_saturate8(mcu_requantize_fast(sum, multiplier, rows->shift, rows->offset));
}

void mcu_depthwise_3x3__dsp(const int16_t *plane, uint32_t row_bytes, const uint32_t *taps, int8_t *out,
                            mcu_depthwise_rows rows)
{
    const size_t row = row_bytes / 2u;
    for (;;) {
        for (; out != rows.pairs_end; out += 2u * rows.step, plane += 2) {
            out[0] = finish_3x3(plane, row, taps, &rows);
            out[rows.step] = finish_3x3(plane + 1, row, taps, &rows);
        }
        for (; out != rows.row_end; out += rows.step, plane += 2) {
            *out = finish_3x3(plane, row, taps, &rows);
        }
        if (out == rows.end) {
            return;
        }
        rows.pairs_end += rows.out_row_bytes;
        rows.row_end += rows.out_row_bytes;
        plane += rows.advance / 2u;
    }
}

#endif
