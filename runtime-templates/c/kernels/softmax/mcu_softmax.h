#ifndef MCU_SOFTMAX_H
#define MCU_SOFTMAX_H

#include "mcu_runtime.h"

typedef struct {
    uint16_t rows, depth;
    int32_t multiplier; /* input difference to Q5.26 */
    uint8_t left_shift;
    int32_t difference_min; /* smaller differences count as zero */
} mcu_softmax;

/*
 * Softmax along the last dimension, int8, output scale 1/256 and zero point -128; no floating point. Exact: the bytes
 * of the int8 reference. The output may start where the input starts.
 */
void mcu_softmax_s8(const mcu_softmax *softmax, const int8_t *in, int8_t *out);

#endif
