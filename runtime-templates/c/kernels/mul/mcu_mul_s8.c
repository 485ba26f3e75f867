#include "mcu_mul.h"
#include "mcu_numerics.h"

void mcu_mul_s8(const mcu_mul *mul, const int8_t *a, const int8_t *b, int8_t *out)
{
    const mcu_broadcast *shape = &mul->shape;
    const uint32_t runs = mcu_broadcast_runs(shape);
    for (uint32_t run = 0; run < runs; run++) {
        const int8_t *x = a + mcu_broadcast_offset(shape, shape->a_stride, run);
        const int8_t *y = b + mcu_broadcast_offset(shape, shape->b_stride, run);
        for (uint32_t i = 0; i < shape->inner; i++, x += shape->a_step, y += shape->b_step) {
            const int32_t product = (int32_t)(*x - mul->a_zero_point) * (*y - mul->b_zero_point);
            const int32_t z = mcu_requantize(product, mul->multiplier, mul->shift) + mul->output_zero_point;
            *out++ = (int8_t)mcu_clamp(z, mul->activation_min, mul->activation_max);
        }
    }
}
