#include "mcu_average_pool2d.h"
#include "mcu_numerics.h"
#include "mcu_pool.h"

void mcu_average_pool2d_s8(const mcu_average_pool2d *pool, const int8_t *in, int8_t *out)
{
    const mcu_window *win = &pool->window;
    const size_t step = win->input_c;
    for (int oy = 0; oy < (int)win->output_h; oy++) {
        for (int ox = 0; ox < (int)win->output_w; ox++) {
            const mcu_pool_span span = mcu_pool_clip(win, oy, ox);
            const int32_t count = (span.y_end - span.y_begin) * (span.x_end - span.x_begin);
            for (unsigned c = 0; c < win->input_c; c++) {
                int32_t sum = 0;
                for (int y = span.y_begin; y < span.y_end; y++) {
                    const int8_t *cell = in + ((size_t)y * win->input_w + (size_t)span.x_begin) * step + c;
                    for (int x = span.x_begin; x < span.x_end; x++, cell += step) {
                        sum += *cell;
                    }
                }
                const int32_t mean = (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
                *out++ = (int8_t)mcu_clamp(mean, pool->activation_min, pool->activation_max);
            }
        }
    }
}
