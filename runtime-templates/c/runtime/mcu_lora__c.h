/* A low-rank term in portable C. */
#ifndef MCU_LORA__C_H
#define MCU_LORA__C_H

#include "mcu_linear_walk__c.h"

static inline void project(const mcu_lora *lora, const int8_t *x, unsigned depth, int16_t *projected)
{
    for (unsigned r = 0; r < lora->rank; r++) {
        const int32_t sum = lora->a_bias[r] + dot(lora->a + (size_t)r * depth, x, depth);
        const int32_t u = mcu_requantize(sum, lora->a_multiplier[r], lora->a_shift[r]);
        projected[r] = (int16_t)mcu_clamp(u, INT16_MIN, INT16_MAX);
    }
}

static inline int32_t expand(const mcu_lora *lora, const int16_t *projected, unsigned output)
{
    const MCU_FLASH int8_t *b = lora->b + (size_t)output * lora->rank;
    int32_t sum = 0;
    for (unsigned r = 0; r < lora->rank; r++) {
        sum += (int32_t)b[r] * projected[r];
    }
    return mcu_shift_rounded(sum, lora->b_shift[output]);
}

#endif
