/* Gathers the window of one output pixel as bytes, the zero point where padding lies. */
#ifndef MCU_PATCH_H
#define MCU_PATCH_H

#include "mcu_linear.h"
#include <string.h>

static inline void mcu_gather_patch(const mcu_window *win, int8_t zero_point, const int8_t *in, int oy, int ox,
                                    int8_t *patch)
{
    const int cell = (int)win->input_c;
    const int base_x = ox * win->stride_w - win->pad_left;
    int iy = oy * win->stride_h - win->pad_top;
    for (int ky = 0; ky < win->kernel_h; ky++, iy += win->dilation_h) {
        const int row_bytes = win->kernel_w * cell;
        if (iy < 0 || iy >= (int)win->input_h) {
            memset(patch, zero_point, (size_t)row_bytes);
            patch += row_bytes;
            continue;
        }
        const int8_t *row = in + (size_t)iy * win->input_w * (size_t)cell;
        if (win->dilation_w == 1 && base_x >= 0 && base_x + win->kernel_w <= (int)win->input_w) {
            memcpy(patch, row + (size_t)base_x * (size_t)cell, (size_t)row_bytes);
            patch += row_bytes;
            continue;
        }
        int ix = base_x;
        for (int kx = 0; kx < win->kernel_w; kx++, ix += win->dilation_w, patch += cell) {
            if (ix < 0 || ix >= (int)win->input_w) {
                memset(patch, zero_point, (size_t)cell);
            } else {
                memcpy(patch, row + (size_t)ix * (size_t)cell, (size_t)cell);
            }
        }
    }
}

#endif
