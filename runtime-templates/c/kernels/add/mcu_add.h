#ifndef MCU_ADD_H
#define MCU_ADD_H

#include "mcu_runtime.h"

typedef struct {
    uint32_t count;
    int32_t a_multiplier, b_multiplier, output_multiplier;
    uint8_t a_shift, b_shift, output_shift; /* to the right */
    int8_t a_zero_point, b_zero_point, output_zero_point;
    int8_t activation_min, activation_max;
    uint8_t fast; /* input shifts 0..22, output shift 1..22 */
} mcu_add;

/* Element-wise sum, int8; the output may start where an input starts. Exact: the bytes of the int8 reference. */
void mcu_add_s8(const mcu_add *add, const int8_t *a, const int8_t *b, int8_t *out);

#endif
