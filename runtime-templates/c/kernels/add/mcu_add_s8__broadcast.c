/* Element-wise sum of operands of different shapes; the arithmetic of mcu_add_s8. */
#include "mcu_add.h"

void mcu_add_s8__broadcast(const mcu_add_broadcast *parameters, const int8_t *a, const int8_t *b, int8_t *out)
{
    const mcu_add *add = &parameters->add;
    const mcu_broadcast *shape = &parameters->shape;
    const uint32_t runs = mcu_broadcast_runs(shape);
    for (uint32_t run = 0; run < runs; run++) {
        const int8_t *x = a + mcu_broadcast_offset(shape, shape->a_stride, run);
        const int8_t *y = b + mcu_broadcast_offset(shape, shape->b_stride, run);
        for (uint32_t i = 0; i < shape->inner; i++, x += shape->a_step, y += shape->b_step) {
            *out++ = mcu_add_one(add, *x, *y);
        }
    }
}
