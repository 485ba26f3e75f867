/* The part of a pool's window that lies inside the image. Dilation is 1. */
#ifndef MCU_POOL_H
#define MCU_POOL_H

#include "mcu_linear.h"

typedef struct {
    int y_begin, y_end, x_begin, x_end;
} mcu_pool_span;

static inline mcu_pool_span mcu_pool_clip(const mcu_window *win, int oy, int ox)
{
    const int y = oy * win->stride_h - win->pad_top;
    const int x = ox * win->stride_w - win->pad_left;
    mcu_pool_span span;
    span.y_begin = y < 0 ? 0 : y;
    span.x_begin = x < 0 ? 0 : x;
    span.y_end = y + win->kernel_h > (int)win->input_h ? (int)win->input_h : y + win->kernel_h;
    span.x_end = x + win->kernel_w > (int)win->input_w ? (int)win->input_w : x + win->kernel_w;
    return span;
}

#endif
