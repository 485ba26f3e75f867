/*
 * Batched matrix product with the DSP extension: 4 columns of y are widened to int16 with their zero point taken off, in
 * groups of 4 inputs in the order 0, 2, 1, 3; each row of x is widened in registers against them. A value minus its zero
 * point fits 16 bits, so no correction is needed.
 */
#include "mcu_batch_matmul.h"
#include "mcu_numerics.h"
#include <string.h>

#define COLUMNS 4

static inline uint32_t widen_even(uint32_t offset, uint32_t v)
{
    uint32_t r;
    __asm__("sxtab16 %0, %1, %2" : "=r"(r) : "r"(offset), "r"(v));
    return r;
}

static inline uint32_t widen_odd(uint32_t offset, uint32_t v)
{
    uint32_t r;
    __asm__("sxtab16 %0, %1, %2, ror #8" : "=r"(r) : "r"(offset), "r"(v));
    return r;
}

static inline int32_t multiply_pairs(uint32_t a, uint32_t b, int32_t acc)
{
    int32_t r;
    __asm__("smlad %0, %1, %2, %3" : "=r"(r) : "r"(a), "r"(b), "r"(acc));
    return r;
}

/* 16 multiply-accumulates: one group of 4 inputs against 4 columns. */
static inline const uint32_t *step(uint32_t v, uint32_t offset, const uint32_t *columns, int32_t *acc)
{
    const uint32_t even = widen_even(offset, v);
    const uint32_t odd = widen_odd(offset, v);
    acc[0] = multiply_pairs(odd, columns[1], multiply_pairs(even, columns[0], acc[0]));
    acc[1] = multiply_pairs(odd, columns[3], multiply_pairs(even, columns[2], acc[1]));
    acc[2] = multiply_pairs(odd, columns[5], multiply_pairs(even, columns[4], acc[2]));
    acc[3] = multiply_pairs(odd, columns[7], multiply_pairs(even, columns[6], acc[3]));
    return columns + 2 * COLUMNS;
}

static void dot_1x4(const int8_t *x, unsigned depth, uint32_t offset, const uint32_t *columns, int32_t *acc)
{
    const int8_t *end = x + (depth & ~3u);
    uint32_t v;
    while (x != end) {
        memcpy(&v, x, sizeof v);
        columns = step(v, offset, columns, acc);
        x += sizeof v;
    }
    if ((depth & 3u) != 0) {
        v = 0;
        memcpy(&v, x, depth & 3u); /* the columns are zero beyond */
        step(v, offset, columns, acc);
    }
}

/* Columns [groups][4][4]; unused columns and inputs beyond depth are zero. */
static void widen_columns(const mcu_batch_matmul *product, const int8_t *y, unsigned valid, int16_t *columns)
{
    static const uint8_t lane[4] = {0, 2, 1, 3};
    const unsigned depth = product->depth;
    memset(columns, 0, ((depth + 3u) & ~3u) * COLUMNS * sizeof *columns);
    for (unsigned c = 0; c < valid; c++, y += product->y_column) {
        const int8_t *cell = y;
        int16_t *column = columns + 4u * c;
        for (unsigned k = 0; k < depth; k++, cell += product->y_depth) {
            column[(k >> 2) * 4u * COLUMNS + lane[k & 3u]] = (int16_t)(*cell - product->y_zero_point);
        }
    }
}

static void store(const mcu_batch_matmul *product, const int32_t *acc, unsigned valid, int8_t *out)
{
    if (product->fast) {
        const int32_t offset = mcu_fast_offset(product->shift, product->output_zero_point);
        for (unsigned i = 0; i < valid; i++) {
            const int32_t y = mcu_requantize_fast(acc[i], product->multiplier, product->shift, offset);
            out[i] = (int8_t)mcu_saturate8(y);
        }
        return;
    }
    for (unsigned i = 0; i < valid; i++) {
        const int32_t y = mcu_requantize(acc[i], product->multiplier, product->shift) + product->output_zero_point;
        out[i] = (int8_t)mcu_saturate8(y);
    }
}

static void multiply(const mcu_batch_matmul *product, const int8_t *x, const int8_t *y, int8_t *out, void *scratch)
{
    const uint32_t minus_zero = (uint32_t)-product->x_zero_point & 0xffffu;
    const uint32_t offset = minus_zero | (minus_zero << 16);
    for (unsigned column = 0; column < product->columns; column += COLUMNS) {
        const unsigned left = product->columns - column;
        const unsigned valid = left < COLUMNS ? left : COLUMNS;
        const int8_t *row = x;
        int8_t *cell = out + column;
        widen_columns(product, y + (size_t)column * product->y_column, valid, scratch);
        for (unsigned i = 0; i < product->rows; i++, row += product->x_row, cell += product->columns) {
            int32_t acc[COLUMNS] = {0, 0, 0, 0};
            dot_1x4(row, product->depth, offset, scratch, acc);
            store(product, acc, valid, cell);
        }
    }
}

void mcu_batch_matmul_s8__dsp(const mcu_batch_matmul *product, const int8_t *x, const int8_t *y, int8_t *out,
                              void *scratch)
{
    for (unsigned i = 0; i < product->batch[0]; i++) {
        for (unsigned j = 0; j < product->batch[1]; j++) {
            multiply(product, x + i * product->x_batch[0] + j * product->x_batch[1],
                     y + i * product->y_batch[0] + j * product->y_batch[1], out, scratch);
            out += (size_t)product->rows * product->columns;
        }
    }
}
