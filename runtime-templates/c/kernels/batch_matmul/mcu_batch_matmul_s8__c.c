/* Batched matrix product, portable C: one row by 4 columns; only x is taken from its zero point inside the loop. */
#include "mcu_batch_matmul.h"
#include "mcu_numerics.h"

#define COLUMNS 4

/* sum of x - zero point over a row */
static int32_t row_sum(const mcu_batch_matmul *product, const int8_t *x)
{
    int32_t sum = 0;
    for (unsigned k = 0; k < product->depth; k++, x += product->x_depth) {
        sum += *x - product->x_zero_point;
    }
    return sum;
}

static void dot_1x4(const mcu_batch_matmul *product, const int8_t *x, const int8_t *y, int32_t start, int32_t *acc)
{
    const size_t x_step = (size_t)product->x_depth;
    const size_t y_step = (size_t)product->y_depth;
    const size_t column = (size_t)product->y_column;
    const int32_t zero = product->x_zero_point;
    int32_t acc0 = start;
    int32_t acc1 = start;
    int32_t acc2 = start;
    int32_t acc3 = start;
    for (unsigned k = product->depth; k != 0; k--, x += x_step, y += y_step) {
        const int32_t v = *x - zero;
        acc0 += v * y[0];
        acc1 += v * y[column];
        acc2 += v * y[2 * column];
        acc3 += v * y[3 * column];
    }
    acc[0] = acc0;
    acc[1] = acc1;
    acc[2] = acc2;
    acc[3] = acc3;
}

static int32_t dot(const mcu_batch_matmul *product, const int8_t *x, const int8_t *y, int32_t start)
{
    const int32_t zero = product->x_zero_point;
    for (unsigned k = product->depth; k != 0; k--, x += product->x_depth, y += product->y_depth) {
        start += (*x - zero) * *y;
    }
    return start;
}

static int8_t finish(const mcu_batch_matmul *product, int32_t acc)
{
    const int32_t y = mcu_requantize(acc, product->multiplier, product->shift) + product->output_zero_point;
    return (int8_t)mcu_saturate8(y);
}

static void multiply(const mcu_batch_matmul *product, const int8_t *x, const int8_t *y, int8_t *out)
{
    for (unsigned row = 0; row < product->rows; row++, x += product->x_row) {
        const int32_t start = -product->y_zero_point * row_sum(product, x);
        const int8_t *cell = y;
        unsigned column = 0;
        for (; column + COLUMNS <= product->columns; column += COLUMNS, cell += COLUMNS * product->y_column) {
            int32_t acc[COLUMNS];
            dot_1x4(product, x, cell, start, acc);
            for (unsigned i = 0; i < COLUMNS; i++) {
                *out++ = finish(product, acc[i]);
            }
        }
        for (; column < product->columns; column++, cell += product->y_column) {
            *out++ = finish(product, dot(product, x, cell, start));
        }
    }
}

void mcu_batch_matmul_s8__c(const mcu_batch_matmul *product, const int8_t *x, const int8_t *y, int8_t *out,
                            void *scratch)
{
    (void)scratch;
    for (unsigned i = 0; i < product->batch[0]; i++) {
        for (unsigned j = 0; j < product->batch[1]; j++) {
            multiply(product, x + i * product->x_batch[0] + j * product->x_batch[1],
                     y + i * product->y_batch[0] + j * product->y_batch[1], out);
            out += (size_t)product->rows * product->columns;
        }
    }
}
