/* Changed weights of a depthwise convolution: an output's row of the stream holds the taps of its window. */
#ifndef MCU_DEPTHWISE_SPARSE_H
#define MCU_DEPTHWISE_SPARSE_H

#include "mcu_depthwise_conv2d.h"
#include "mcu_sparse.h"

static inline int mcu_channel_is_changed(const mcu_sparse_walk *walk, int32_t taps)
{
    int changed = 0;
    for (unsigned i = 0; i < walk->count; i++) {
        changed |= mcu_sparse_is_here(&walk->cursors[i], taps);
    }
    return changed;
}

/* Moves on to the next output. */
static inline void mcu_skip_channel(mcu_sparse_walk *walk, int32_t taps)
{
    for (unsigned i = 0; i < walk->count; i++) {
        int32_t difference;
        while (mcu_sparse_next(&walk->cursors[i], taps, &difference) >= 0) {
        }
    }
}

/* Elements from the window's first tap to this one in the channel's plane. */
static inline int mcu_tap_offset(const mcu_depthwise_conv2d *conv, int32_t tap)
{
    const mcu_window *win = &conv->window;
    return (int)(tap / win->kernel_w * win->dilation_h * conv->plane_w + tap % win->kernel_w * win->dilation_w);
}

#endif
