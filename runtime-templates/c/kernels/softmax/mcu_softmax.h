#ifndef MCU_SOFTMAX_H
#define MCU_SOFTMAX_H

#include "mcu_runtime.h"

/* Softmax over the middle one of three dimensions [outer][depth][inner]. */
typedef struct {
    uint16_t outer, depth, inner;
    int32_t multiplier; /* input difference to Q5.26 */
    uint8_t left_shift;
    uint8_t output_bits;        /* the output's scale is 2^-output_bits, 8 .. 15 */
    int32_t difference_min;     /* smaller differences count as zero */
    const MCU_FLASH int32_t *exponential; /* exp of minus 0 .. 255 input steps, Q0.31; or null: computed as they come */
} mcu_softmax;

/*
 * Softmax, int8, output scale a power of two (1/256 as a rule) and zero point -128; no floating point. Exact: the bytes of the int8 reference. The
 * output may lie on the input; with inner == 1 it may also start before it.
 */
void mcu_softmax_s8(const mcu_softmax *softmax, const int8_t *in, int8_t *out);

#endif
