#ifndef MCU_LAYER_NORMALIZATION_H
#define MCU_LAYER_NORMALIZATION_H

#include "mcu_runtime.h"

/* Rows of depth values n; scaled by n, mean and variance are whole numbers. */
typedef struct {
    uint32_t rows;
    uint16_t depth;
    uint8_t fraction_bits; /* q of the normalised value: depth * 4^q <= 2^30 */
    int8_t output_zero_point;
    uint8_t shift; /* of the output, to the right */
    uint8_t fast;  /* shift 1..22 and |gamma * normalised + beta| < 2^30 */
    int32_t multiplier;
    int64_t epsilon;      /* n^2 * epsilon / scale^2 * 2^14, 1 .. 2^61 */
    const int16_t *gamma; /* [depth] */
    const int32_t *beta;  /* [depth], at gamma's scale * 2^-q */
} mcu_layer_normalization;

/*
 * Layer normalisation of int8 rows in integers: gamma * (x - mean) / sqrt(variance + epsilon) + beta. The input's zero
 * point cancels. Exact: the bytes of the int8 reference. The output may start where the input starts.
 */
void mcu_layer_normalization_s8(const mcu_layer_normalization *norm, const int8_t *in, int8_t *out);

#endif
