#include "mcu_mean.h"
#include "mcu_numerics.h"

void mcu_mean_s8(const mcu_mean *mean, const int8_t *in, int8_t *out)
{
    const int32_t offset = mean->input_zero_point * (int32_t)mean->reduced;
    for (unsigned o = 0; o < mean->outer; o++, in += (size_t)mean->reduced * mean->inner) {
        for (unsigned i = 0; i < mean->inner; i++) {
            const int8_t *cell = in + i;
            int32_t sum = 0;
            for (unsigned r = 0; r < mean->reduced; r++, cell += mean->inner) {
                sum += *cell;
            }
            const int32_t y = mcu_requantize(sum - offset, mean->multiplier, mean->shift) + mean->output_zero_point;
            *out++ = (int8_t)mcu_clamp(y, -128, 127);
        }
    }
}
