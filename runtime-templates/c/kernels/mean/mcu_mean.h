#ifndef MCU_MEAN_H
#define MCU_MEAN_H

#include "mcu_runtime.h"

/* Mean over the middle one of three dimensions [outer][reduced][inner]. */
typedef struct {
    uint16_t outer, reduced, inner;
    int32_t multiplier; /* holds the division by the number of elements */
    int8_t shift;       /* to the right, negative is to the left */
    int8_t input_zero_point, output_zero_point;
} mcu_mean;

/* Exact: the bytes of the int8 reference. */
void mcu_mean_s8(const mcu_mean *mean, const int8_t *in, int8_t *out);

#endif
