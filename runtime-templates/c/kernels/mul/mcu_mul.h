#ifndef MCU_MUL_H
#define MCU_MUL_H

#include "mcu_broadcast.h"

typedef struct {
    mcu_broadcast shape;
    int32_t multiplier;
    int8_t shift; /* to the right, negative is to the left */
    int8_t a_zero_point, b_zero_point, output_zero_point;
    int8_t activation_min, activation_max;
} mcu_mul;

/*
 * Element-wise product, int8, with broadcasting. Exact: the bytes of the int8 reference. The output may start where an
 * operand of the output's shape starts.
 */
void mcu_mul_s8(const mcu_mul *mul, const int8_t *a, const int8_t *b, int8_t *out);

#endif
