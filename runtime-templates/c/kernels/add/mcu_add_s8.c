/* Element-wise sum: both inputs come to a common scale with 20 more bits, then the sum is requantised. */
#include "mcu_add.h"

/* An input at the common scale. Shift 0 has no second rounding; rounds is constant in each call. */
static inline int32_t rescale(int32_t x, int32_t multiplier, int shift, int32_t offset, int rounds)
{
    return rounds ? mcu_requantize_fast(x, multiplier, shift, offset) : mcu_doubling_high_mul_fast(x, multiplier);
}

static inline void add_loop(const mcu_add *add, const int8_t *a, const int8_t *b, int8_t *out, int a_rounds,
                            int b_rounds)
{
    const int32_t offset_a = a_rounds ? mcu_fast_offset(add->a_shift, 0) : 0;
    const int32_t offset_b = b_rounds ? mcu_fast_offset(add->b_shift, 0) : 0;
    const int32_t offset = mcu_fast_offset(add->output_shift, add->output_zero_point);
    const int32_t low = add->activation_min;
    const int32_t high = add->activation_max;
    const int32_t zero_a = add->a_zero_point;
    const int32_t zero_b = add->b_zero_point;
    for (const int8_t *end = a + add->count; a != end;) {
        const int32_t x = (*a++ - zero_a) * ((int32_t)1 << MCU_ADD_LEFT_SHIFT);
        const int32_t y = (*b++ - zero_b) * ((int32_t)1 << MCU_ADD_LEFT_SHIFT);
        const int32_t sum = rescale(x, add->a_multiplier, add->a_shift, offset_a, a_rounds) +
                            rescale(y, add->b_multiplier, add->b_shift, offset_b, b_rounds);
        const int32_t z = mcu_requantize_fast(sum, add->output_multiplier, add->output_shift, offset);
        *out++ = (int8_t)mcu_clamp(z, low, high);
    }
}

/* The input with the larger scale has shift 0, the other one usually more. */
static void add_fast(const mcu_add *add, const int8_t *a, const int8_t *b, int8_t *out)
{
    if (add->a_shift == 0 && add->b_shift == 0) {
        add_loop(add, a, b, out, 0, 0);
    } else if (add->a_shift == 0) {
        add_loop(add, a, b, out, 0, 1);
    } else if (add->b_shift == 0) {
        add_loop(add, a, b, out, 1, 0);
    } else {
        add_loop(add, a, b, out, 1, 1);
    }
}

void mcu_add_s8(const mcu_add *add, const int8_t *a, const int8_t *b, int8_t *out)
{
    if (add->fast) {
        add_fast(add, a, b, out);
        return;
    }
    for (uint32_t i = 0; i < add->count; i++) {
        out[i] = mcu_add_one(add, a[i], b[i]);
    }
}
