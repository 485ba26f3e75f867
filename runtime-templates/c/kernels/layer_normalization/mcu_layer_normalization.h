#ifndef MCU_LAYER_NORMALIZATION_H
#define MCU_LAYER_NORMALIZATION_H

#include "mcu_linear.h"

/* Rows of n = linear.outputs values; scaled by n, mean and variance are whole numbers. */
typedef struct {
    mcu_linear_shape linear; /* fast: shift 1..22, multiplier >= 2^30 and |gamma * normalised + beta| < 2^30 */
    uint32_t rows;
    uint8_t fraction_bits; /* q of the normalised value: n * 4^q <= 2^30 */
    int64_t epsilon;       /* n^2 * epsilon / scale^2 * 2^14, 1 .. 2^61 */
} mcu_layer_normalization;

/*
 * Layer normalisation of int8 rows in integers: gamma * (x - mean) / sqrt(variance + epsilon) + beta. The input's zero
 * point cancels. In the constants, weights are gamma, int16 [n]; bias is beta [n], at gamma's scale * 2^-q; multiplier and
 * shift are one each. Exact: the bytes of the int8 reference. The output may start where the input starts.
 */
void mcu_layer_normalization_s8(const mcu_layer_normalization *norm, const mcu_linear *constants, const int8_t *in,
                                int8_t *out);

#endif
