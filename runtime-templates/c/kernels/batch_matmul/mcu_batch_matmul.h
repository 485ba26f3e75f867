#ifndef MCU_BATCH_MATMUL_H
#define MCU_BATCH_MATMUL_H

#include "mcu_runtime.h"

/*
 * out[b0][b1][row][column] = sum over depth of x * y. Both operands are walked with strides in bytes, so a transposed or
 * repeated operand is never copied.
 */
typedef struct {
    uint16_t batch[2];
    uint16_t rows, depth, columns;
    uint32_t x_batch[2], y_batch[2]; /* 0 where the operand repeats */
    uint32_t x_row, x_depth;
    uint32_t y_depth, y_column;
    int32_t multiplier;
    int8_t shift; /* to the right, negative is to the left */
    int8_t x_zero_point, y_zero_point, output_zero_point;
    uint8_t fast; /* shift 1..22 and |accumulator| < 2^30 */
} mcu_batch_matmul;

/*
 * Matrix product of two int8 activations, both zero points exact. Exact: the bytes of the int8 reference. The output must
 * not overlap an input. The DSP kernel needs x_depth == 1, and scratch for 4 columns of depth rounded up to a multiple of
 * 4 int16 values, 4-byte aligned.
 */
void mcu_batch_matmul_s8__c(const mcu_batch_matmul *product, const int8_t *x, const int8_t *y, int8_t *out,
                            void *scratch);
void mcu_batch_matmul_s8__dsp(const mcu_batch_matmul *product, const int8_t *x, const int8_t *y, int8_t *out,
                              void *scratch);

#endif
