/* Concatenation along an axis: bytes of equal scale are copied, others requantised as they are copied. */
#include "mcu_concat.h"

#include <string.h>

#include "mcu_numerics.h"

static void rescale(const mcu_concat *concat, uint32_t input, const int8_t *in, int8_t *out)
{
    const int32_t zero_in = concat->zero_point[input];
    const int32_t zero_out = concat->zero_point[concat->inputs];
    const int32_t count = concat->run[input];
    for (int32_t i = 0; i < count; i++) {
        const int32_t x = mcu_requantize(in[i] - zero_in, concat->multiplier[input], concat->shift[input]);
        out[i] = (int8_t)mcu_clamp(x + zero_out, -128, 127);
    }
}

void mcu_concat_s8(const mcu_concat *concat, const int8_t *const *in, int8_t *out)
{
    for (uint32_t row = 0; row < concat->outer; row++) {
        for (uint32_t i = 0; i < concat->inputs; i++) {
            const uint32_t run = (uint32_t)concat->run[i];
            if (concat->moves[i]) {
                memcpy(out, in[i] + row * run, (size_t)run);
            } else {
                rescale(concat, i, in[i] + row * run, out);
            }
            out += run;
        }
    }
}
