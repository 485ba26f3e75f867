#ifndef MCU_ADD_H
#define MCU_ADD_H

#include "mcu_broadcast.h"
#include "mcu_numerics.h"

typedef struct {
    uint32_t count;
    int32_t a_multiplier, b_multiplier, output_multiplier;
    uint8_t a_shift, b_shift, output_shift; /* to the right */
    int8_t a_zero_point, b_zero_point, output_zero_point;
    int8_t activation_min, activation_max;
    uint8_t fast; /* input shifts 0..22, output shift 1..22 */
} mcu_add;

typedef struct {
    mcu_add add; /* its count is not used */
    mcu_broadcast shape;
} mcu_add_broadcast;

#define MCU_ADD_LEFT_SHIFT 20 /* bits that both inputs gain before they come to a common scale */

/* One sum, whatever the scales are. */
static inline int8_t mcu_add_one(const mcu_add *add, int8_t a, int8_t b)
{
    const int32_t x = (a - add->a_zero_point) * ((int32_t)1 << MCU_ADD_LEFT_SHIFT);
    const int32_t y = (b - add->b_zero_point) * ((int32_t)1 << MCU_ADD_LEFT_SHIFT);
    const int32_t sum = mcu_requantize(x, add->a_multiplier, add->a_shift) +
                        mcu_requantize(y, add->b_multiplier, add->b_shift);
    const int32_t z = mcu_requantize(sum, add->output_multiplier, add->output_shift) + add->output_zero_point;
    return (int8_t)mcu_clamp(z, add->activation_min, add->activation_max);
}

/* Element-wise sum, int8; the output may start where an input starts. Exact: the bytes of the int8 reference. */
void mcu_add_s8(const mcu_add *add, const int8_t *a, const int8_t *b, int8_t *out);

/* The same with broadcasting; the output may start where an operand of the output's shape starts. */
void mcu_add_s8__broadcast(const mcu_add_broadcast *parameters, const int8_t *a, const int8_t *b, int8_t *out);

#endif
