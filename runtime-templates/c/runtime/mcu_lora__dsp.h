/* A low-rank term on the DSP extension: B is packed as a weight matrix whose inputs are the ranks. */
#ifndef MCU_LORA__DSP_H
#define MCU_LORA__DSP_H

#include "mcu_gemm__dsp.h"
#include "mcu_linear__dsp.h"
#include "mcu_numerics.h"

/* Position of input k of a pixel in the columns. */
static inline unsigned column_index(unsigned k, unsigned pixel, unsigned pixels)
{
    const unsigned lane = ((k & 1u) << 1) | ((k >> 1) & 1u);
    return ((k >> 2) * pixels + pixel) * 4u + lane;
}

static inline int16_t project_one(const mcu_lora *lora, int32_t acc, unsigned r)
{
    const int32_t u = mcu_requantize(acc, lora->a_multiplier[r], lora->a_shift[r]);
    return (int16_t)mcu_clamp(u, INT16_MIN, INT16_MAX);
}

/* Columns of u for the block's pixels: [rank_padded / 4][3][4], as the columns of an input. */
static inline void project_block(const mcu_linear_shape *shape, const mcu_lora *lora, const int16_t *columns,
                                 int16_t *projected)
{
    const int8_t *a = lora->a;
    for (unsigned r = 0; r < lora->rank; r += 2) {
        int32_t acc[6];
        const int8_t *end = a + 2u * shape->depth_padded;
        for (unsigned i = 0; i < 6; i++) {
            acc[i] = lora->a_bias[r + (i & 1u)];
        }
        mcu_gemm_3x2__dsp(columns, a, end, acc);
        for (unsigned i = 0; i < 6; i++) {
            const unsigned row = r + (i & 1u);
            if (row < lora->rank) {
                projected[column_index(row, i >> 1, MCU_DSP_PIXELS)] = project_one(lora, acc[i], row);
            }
        }
        a = end;
    }
}

static inline void project_row(const mcu_linear_shape *shape, const mcu_lora *lora, const int16_t *column,
                               int16_t *projected)
{
    const int8_t *a = lora->a;
    for (unsigned r = 0; r < lora->rank; r += 2) {
        int32_t acc[4] = {lora->a_bias[r], lora->a_bias[r + 1u], 0, 0};
        const int8_t *end = a + 2u * shape->depth_padded;
        mcu_gemm_1x4__dsp(column, a, end, acc, a);
        projected[column_index(r, 0, 1)] = project_one(lora, acc[0], r);
        if (r + 1u < lora->rank) {
            projected[column_index(r + 1u, 0, 1)] = project_one(lora, acc[1], r + 1u);
        }
        a = end;
    }
}

/* Adds B*u of one pair of outputs: B is packed as a weight matrix whose inputs are the ranks. */
static inline void expand_block(const mcu_lora *lora, const int16_t *projected, unsigned output, int second,
                                int32_t *acc)
{
    const int8_t *b = lora->b + (size_t)output * lora->rank_padded;
    const int shift0 = lora->b_shift[output];
    const int shift1 = second ? lora->b_shift[output + 1u] : 0;
    int32_t sum[6] = {0, 0, 0, 0, 0, 0};
    mcu_gemm_3x2__dsp(projected, b, b + 2u * lora->rank_padded, sum);
    for (unsigned i = 0; i < 6; i += 2) {
        acc[i] += mcu_shift_rounded(sum[i], shift0);
        if (second) {
            acc[i + 1u] += mcu_shift_rounded(sum[i + 1u], shift1);
        }
    }
}

/* The same for up to two pairs of outputs of one pixel. */
static inline void expand_row(const mcu_lora *lora, const int16_t *projected, unsigned output, unsigned count,
                              int32_t *acc)
{
    const size_t pair_bytes = 2u * (size_t)lora->rank_padded;
    const int8_t *b = lora->b + (size_t)output * lora->rank_padded;
    int32_t sum[4] = {0, 0, 0, 0};
    mcu_gemm_1x4__dsp(projected, b, b + pair_bytes, sum, count > 2u ? b + pair_bytes : b);
    for (unsigned i = 0; i < count; i++) {
        acc[i] += mcu_shift_rounded(sum[i], lora->b_shift[output + i]);
    }
}

#endif
