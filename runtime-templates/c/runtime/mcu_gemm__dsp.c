/*
 * Integer matrix kernels for the DSP extension, in assembly, so that their instruction count does not depend on a
 * compiler. Exact: the bytes of the int8 reference. Other cores, the host among them, get the same in C.
 */
#include "mcu_gemm__dsp.h"

#if defined(__ARM_FEATURE_DSP)

/* 24 multiply-accumulates in 20 instructions: r10, r12 and r11, lr hold the lanes of the two rows' weights. */
#define GEMM_3X2_STEP                                                                                                \
    "ldrd r10, r11, [r1], #8\n"                                                                                      \
    "ldrd r2, r3, [r0], #8\n"                                                                                        \
    "sxtb16 r12, r10, ror #8\n"                                                                                      \
    "sxtb16 r10, r10\n"                                                                                              \
    "sxtb16 lr, r11, ror #8\n"                                                                                       \
    "sxtb16 r11, r11\n"                                                                                              \
    "smlad r4, r10, r2, r4\n"                                                                                        \
    "smlad r5, r11, r2, r5\n"                                                                                        \
    "smlad r4, r12, r3, r4\n"                                                                                        \
    "smlad r5, lr, r3, r5\n"                                                                                         \
    "ldrd r2, r3, [r0], #8\n"                                                                                        \
    "smlad r6, r10, r2, r6\n"                                                                                        \
    "smlad r7, r11, r2, r7\n"                                                                                        \
    "smlad r6, r12, r3, r6\n"                                                                                        \
    "smlad r7, lr, r3, r7\n"                                                                                         \
    "ldrd r2, r3, [r0], #8\n"                                                                                        \
    "smlad r8, r10, r2, r8\n"                                                                                        \
    "smlad r9, r11, r2, r9\n"                                                                                        \
    "smlad r8, r12, r3, r8\n"                                                                                        \
    "smlad r9, lr, r3, r9\n"

/* One row of 1x4: widens the row's weights and accumulates. */
#define GEMM_1X4_ROW(acc, weights)                                                                                   \
    "sxtb16 r12, " weights ", ror #8\n"                                                                              \
    "sxtb16 " weights ", " weights "\n"                                                                              \
    "smlad " acc ", " weights ", r2, " acc "\n"                                                                      \
    "smlad " acc ", r12, r3, " acc "\n"

#define GEMM_1X4_STEP                                                                                                \
    "ldrd r8, r9, [r1], #8\n"                                                                                        \
    "ldrd r10, r11, [lr], #8\n"                                                                                      \
    "ldrd r2, r3, [r0], #8\n"                                                                                        \
    GEMM_1X4_ROW("r4", "r8")                                                                                         \
    GEMM_1X4_ROW("r5", "r9")                                                                                         \
    GEMM_1X4_ROW("r6", "r10")                                                                                        \
    GEMM_1X4_ROW("r7", "r11")

/* Enters the loop that is unrolled by four at the step that leaves a multiple of four. */
#define UNROLLED_BY_4(step)                                                                                          \
    "sub r12, r2, r1\n"                                                                                              \
    "ubfx r12, r12, #3, #2\n"                                                                                        \
    "cmp r12, #2\n"                                                                                                  \
    "bhi 1f\n"                                                                                                       \
    "beq 2f\n"                                                                                                       \
    "cmp r12, #0\n"                                                                                                  \
    "bne 3f\n"                                                                                                       \
    "0:\n" step "1:\n" step "2:\n" step "3:\n" step                                                                  \
    "ldr r2, [sp]\n"                                                                                                 \
    "cmp r1, r2\n"                                                                                                   \
    "bne 0b\n"

#define FUNCTION(name, body)                                                                                         \
    __asm__(".syntax unified\n"                                                                                      \
            ".thumb\n"                                                                                               \
            ".section .text." name ",\"ax\",%progbits\n"                                                             \
            ".balign 4\n"                                                                                            \
            ".global " name "\n"                                                                                     \
            ".type " name ", %function\n"                                                                            \
            ".thumb_func\n" name ":\n" body ".size " name ", . - " name "\n"                                         \
            ".text\n")

FUNCTION("mcu_gemm_3x2__dsp",
         "push {r2-r11, lr}\n"
         "ldm r3, {r4-r9}\n" UNROLLED_BY_4(GEMM_3X2_STEP)
         "ldr r3, [sp, #4]\n"
         "stm r3, {r4-r9}\n"
         "pop {r2-r11, pc}\n");

/*
 * Requantises the row in a, b and c (one per pixel) and stores it at r0; r2: 2 * zero point + 1, r3: stride. The
 * multiplier is at least 2^30, so that twice of it is 2^32 less as a signed number: SMMLAR adds what is missing.
 */
#define STORE_3(a, b, c, multiplier, shift)                                                                          \
    "lsl " multiplier ", " multiplier ", #1\n"                                                                       \
    "smmlar " a ", " a ", " multiplier ", " a "\n"                                                                   \
    "smmlar " b ", " b ", " multiplier ", " b "\n"                                                                   \
    "smmlar " c ", " c ", " multiplier ", " c "\n"                                                                   \
    "lsl " multiplier ", r2, " shift "\n"                                                                            \
    SCALE_1(a, multiplier, shift) "strb " a ", [r0]\n"                                                               \
    SCALE_1(b, multiplier, shift) "strb " b ", [r0, r3]\n"                                                           \
    SCALE_1(c, multiplier, shift) "strb " c ", [r0, r3, lsl #1]\n"                                                   \
    "add r0, r0, #1\n"

#define SCALE_1(v, twice_offset, shift)                                                                              \
    "add " v ", " v ", " v ", asr #31\n"                                                                             \
    "add " v ", " v ", " twice_offset ", asr #1\n"                                                                   \
    "asr " v ", " v ", " shift "\n"                                                                                  \
    "ssat " v ", #8, " v "\n"

/*
 * Stack: [0] columns, [4] pair_bytes, [8] entry into the loop, [12] out, then r4-r11, lr; [52] the struct. A step has
 * 80 bytes: the entry skips the steps that are missing to a multiple of four.
 */
FUNCTION("mcu_gemm_block__dsp",
         "push {r0-r11, lr}\n"
         "ubfx r12, r1, #3, #2\n"
         "rsb r12, r12, #0\n"
         "and r12, r12, #3\n"
         "mov lr, #80\n"
         "mul r12, r12, lr\n"
         "adr lr, 0f\n"
         "add r12, r12, lr\n"
         "orr r12, r12, #1\n"
         "str r12, [sp, #8]\n"
         "mov r1, r2\n"
         "ldr r3, [sp, #60]\n"
         "9:\n"
         "ldrd r4, r5, [r3], #8\n"
         "str r3, [sp, #60]\n"
         "ldrd r0, r2, [sp]\n"
         "add r2, r1, r2\n"
         "str r2, [sp, #52]\n"
         "mov r6, r4\n"
         "mov r7, r5\n"
         "mov r8, r4\n"
         "mov r9, r5\n"
         "ldr pc, [sp, #8]\n"
         ".balign 4\n"
         "0:\n" GEMM_3X2_STEP GEMM_3X2_STEP GEMM_3X2_STEP GEMM_3X2_STEP
         "ldr r2, [sp, #52]\n"
         "cmp r1, r2\n"
         "bne 0b\n"
         "ldrd r0, r2, [sp, #64]\n"
         "ldrd r10, r11, [r0], #8\n"
         "ldrsb r12, [r2], #1\n"
         "ldrsb lr, [r2], #1\n"
         "strd r0, r2, [sp, #64]\n"
         "ldrd r2, r3, [sp, #72]\n"
         "ldr r0, [sp, #12]\n" STORE_3("r4", "r6", "r8", "r10", "r12") STORE_3("r5", "r7", "r9", "r11", "lr")
         "str r0, [sp, #12]\n"
         "ldrd r2, r3, [sp, #56]\n"
         "cmp r3, r2\n"
         "bne 9b\n"
         "add sp, sp, #16\n"
         "pop {r4-r11, pc}\n");

FUNCTION("mcu_gemm_1x4__dsp",
         "push {r2-r11, lr}\n"
         "ldr lr, [sp, #44]\n"
         "ldm r3, {r4-r7}\n" UNROLLED_BY_4(GEMM_1X4_STEP)
         "ldr r3, [sp, #4]\n"
         "stm r3, {r4-r7}\n"
         "pop {r2-r11, pc}\n");

#else

#include "mcu_numerics.h"

/* Columns hold the inputs 0, 2, 1, 3 of each four. */
static int32_t dot4(const int16_t *column, const int8_t *w)
{
    return w[0] * column[0] + w[2] * column[1] + w[1] * column[2] + w[3] * column[3];
}

void mcu_gemm_3x2__dsp(const int16_t *columns, const int8_t *weights, const int8_t *weights_end, int32_t *acc)
{
    for (; weights != weights_end; weights += 8) {
        for (int p = 0; p < 3; p++, columns += 4) {
            acc[2 * p] += dot4(columns, weights);
            acc[2 * p + 1] += dot4(columns, weights + 4);
        }
    }
}

void mcu_gemm_1x4__dsp(const int16_t *column, const int8_t *pair0, const int8_t *pair0_end, int32_t *acc,
                       const int8_t *pair1)
{
    for (; pair0 != pair0_end; pair0 += 8, pair1 += 8, column += 4) {
        acc[0] += dot4(column, pair0);
        acc[1] += dot4(column, pair0 + 4);
        acc[2] += dot4(column, pair1);
        acc[3] += dot4(column, pair1 + 4);
    }
}

void mcu_gemm_block__dsp(const int16_t *columns, uint32_t pair_bytes, const int8_t *weights, int8_t *out,
                         mcu_gemm_arguments arguments)
{
    const int32_t zero_point = ((int32_t)arguments.twice_zero_point_plus_1 - 1) / 2;
    for (; arguments.bias != arguments.bias_end; arguments.bias += 2, weights += pair_bytes) {
        const int32_t b0 = arguments.bias[0];
        const int32_t b1 = arguments.bias[1];
        int32_t acc[6] = {b0, b1, b0, b1, b0, b1};
        mcu_gemm_3x2__dsp(columns, weights, weights + pair_bytes, acc);
        for (int row = 0; row < 2; row++, out++) {
            const int32_t multiplier = *arguments.multiplier++;
            const int shift = *arguments.shift++;
            const int32_t offset = mcu_fast_offset(shift, zero_point);
            for (uint32_t p = 0; p < 3; p++) {
                const int32_t y = mcu_requantize_fast(acc[2 * p + (uint32_t)row], multiplier, shift, offset);
                out[p * arguments.stride] = (int8_t)mcu_saturate8(y);
            }
        }
    }
}

#endif
