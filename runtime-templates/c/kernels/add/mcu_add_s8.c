/* Element-wise sum: both inputs come to a common scale with 20 more bits, then the sum is requantised. */
#include "mcu_add.h"
#include "mcu_numerics.h"

#define INPUT_LEFT_SHIFT 20

static void add_fast(const mcu_add *add, const int8_t *a, const int8_t *b, int8_t *out)
{
    const int32_t offset_a = mcu_fast_offset(add->a_shift, 0);
    const int32_t offset_b = mcu_fast_offset(add->b_shift, 0);
    const int32_t offset = mcu_fast_offset(add->output_shift, add->output_zero_point);
    const int32_t low = add->activation_min;
    const int32_t high = add->activation_max;
    for (const int8_t *end = a + add->count; a != end;) {
        const int32_t x = (*a++ - add->a_zero_point) * (1 << INPUT_LEFT_SHIFT);
        const int32_t y = (*b++ - add->b_zero_point) * (1 << INPUT_LEFT_SHIFT);
        const int32_t sum = mcu_requantize_fast(x, add->a_multiplier, add->a_shift, offset_a) +
                            mcu_requantize_fast(y, add->b_multiplier, add->b_shift, offset_b);
        const int32_t z = mcu_requantize_fast(sum, add->output_multiplier, add->output_shift, offset);
        *out++ = (int8_t)mcu_clamp(z, low, high);
    }
}

void mcu_add_s8(const mcu_add *add, const int8_t *a, const int8_t *b, int8_t *out)
{
    if (add->fast) {
        add_fast(add, a, b, out);
        return;
    }
    for (uint32_t i = 0; i < add->count; i++) {
        const int32_t x = (a[i] - add->a_zero_point) * (1 << INPUT_LEFT_SHIFT);
        const int32_t y = (b[i] - add->b_zero_point) * (1 << INPUT_LEFT_SHIFT);
        const int32_t sum = mcu_requantize(x, add->a_multiplier, add->a_shift) +
                            mcu_requantize(y, add->b_multiplier, add->b_shift);
        const int32_t z = mcu_requantize(sum, add->output_multiplier, add->output_shift) + add->output_zero_point;
        out[i] = (int8_t)mcu_clamp(z, add->activation_min, add->activation_max);
    }
}
