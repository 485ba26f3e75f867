/*
 * Layer normalisation: exact sums, a Q31 inverse square root by Newton's method, then two requantisations per value.
 * With n values in a row, S = sum x, Q = sum x^2: (x - mean) / sqrt(var + eps) = (n*x - S) / sqrt(n*Q - S^2 + n^2*eps).
 */
#include "mcu_layer_normalization.h"
#include "mcu_numerics.h"

#define VARIANCE_FRACTION 14 /* bits after the point of the variance; even, as the root has half as many */

/* A row's 1 / sqrt(w) = multiplier * 2^(shift - 61). */
typedef struct {
    int32_t multiplier;
    int shift;
} inverse_root;

/* For 1 <= w < 2^62; the relative error is below 2^-28. */
static inverse_root inverse_square_root(uint64_t w)
{
    inverse_root root = {0, 0};
    while (!(w >> 60)) {
        w <<= 2;
        root.shift++;
    }
    const uint32_t u = (uint32_t)(w >> 30); /* Q32, 1/4 .. 1 */
    /* Q30: the straight line 2.2263 - 4/3 u is within 11 % of 1/sqrt(u); four Newton steps square that away. */
    uint32_t y = 2390471422u - (uint32_t)(((uint64_t)u * 1431655765u) >> 32);
    for (int i = 0; i < 4; i++) {
        const uint32_t uy = (uint32_t)(((uint64_t)u * y) >> 32);
        const uint32_t uyy = (uint32_t)(((uint64_t)uy * y) >> 30);
        y = (uint32_t)(((uint64_t)y * (3221225472u - uyy)) >> 31);
    }
    root.multiplier = y > 0x7fffffffu ? INT32_MAX : (int32_t)y;
    return root;
}

static inverse_root row_root(const mcu_layer_normalization *norm, const int8_t *in, int32_t *sum)
{
    int32_t s = 0;
    int32_t squares = 0; /* below 2^30: depth < 2^16 */
    for (unsigned i = 0; i < norm->linear.outputs; i++) {
        const int32_t x = in[i];
        s += x;
        squares += x * x;
    }
    const int64_t variance = (int64_t)norm->linear.outputs * squares - (int64_t)s * s;
    *sum = s;
    return inverse_square_root((uint64_t)((variance << VARIANCE_FRACTION) + norm->epsilon));
}

static const MCU_FLASH int16_t *gamma_of(const mcu_linear *constants)
{
    return (const MCU_FLASH int16_t *)(const MCU_FLASH void *)constants->weights;
}

/* Both requantisations on the fast path; right is 1..22. */
static void row_fast(const mcu_linear_shape *shape, const mcu_linear *constants, int32_t sum, int32_t root, int right,
                     const int8_t *in, int8_t *out)
{
    const int32_t n = shape->outputs;
    const int32_t multiplier = *constants->multiplier;
    const int shift = *constants->shift;
    const int32_t half = mcu_fast_offset(right, 0);
    const int32_t offset = mcu_fast_offset(shift, shape->output_zero_point);
    const MCU_FLASH int16_t *gamma = gamma_of(constants);
    const MCU_FLASH int32_t *beta = constants->bias;
    for (const int8_t *end = in + n; in != end;) {
        const int32_t normal = mcu_requantize_fast(*in++ * n - sum, root, right, half);
        const int32_t y = mcu_requantize_fast(*gamma++ * normal + *beta++, multiplier, shift, offset);
        *out++ = (int8_t)mcu_saturate8(y);
    }
}

static void row_general(const mcu_linear_shape *shape, const mcu_linear *constants, int32_t sum, int32_t root, int right,
                        const int8_t *in, int8_t *out)
{
    const int32_t n = shape->outputs;
    const MCU_FLASH int16_t *gamma = gamma_of(constants);
    for (int32_t i = 0; i < n; i++) {
        const int32_t normal = mcu_requantize(in[i] * n - sum, root, right);
        const int32_t acc = gamma[i] * normal + constants->bias[i];
        const int32_t y = mcu_requantize(acc, *constants->multiplier, *constants->shift) + shape->output_zero_point;
        out[i] = (int8_t)mcu_saturate8(y);
    }
}

void mcu_layer_normalization_s8(const mcu_layer_normalization *norm, const mcu_linear *constants, const int8_t *in,
                                int8_t *out)
{
    const mcu_linear_shape *shape = &norm->linear;
    for (uint32_t row = 0; row < norm->rows; row++, in += shape->outputs, out += shape->outputs) {
        int32_t sum;
        const inverse_root root = row_root(norm, in, &sum);
        const int right = 30 - VARIANCE_FRACTION / 2 - root.shift - norm->fraction_bits;
        if (shape->fast && right >= 1 && right <= 22) {
            row_fast(shape, constants, sum, root.multiplier, right, in, out);
        } else {
            row_general(shape, constants, sum, root.multiplier, right, in, out);
        }
    }
}
