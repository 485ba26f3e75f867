#include "mcu_max_pool2d.h"
#include "mcu_numerics.h"
#include "mcu_pool.h"

void mcu_max_pool2d_s8(const mcu_max_pool2d *pool, const int8_t *in, int8_t *out)
{
    const mcu_window *win = &pool->window;
    const size_t step = win->input_c;
    for (int oy = 0; oy < (int)win->output_h; oy++) {
        for (int ox = 0; ox < (int)win->output_w; ox++) {
            const mcu_pool_span span = mcu_pool_clip(win, oy, ox);
            for (unsigned c = 0; c < win->input_c; c++) {
                int32_t best = -128;
                for (int y = span.y_begin; y < span.y_end; y++) {
                    const int8_t *cell = in + ((size_t)y * win->input_w + (size_t)span.x_begin) * step + c;
                    for (int x = span.x_begin; x < span.x_end; x++, cell += step) {
                        best = *cell > best ? *cell : best;
                    }
                }
                *out++ = (int8_t)mcu_clamp(best, pool->activation_min, pool->activation_max);
            }
        }
    }
}
