/* Depthwise convolution in portable C whose weights an adapter may change. */
#include "mcu_depthwise__c.h"
#include "mcu_depthwise_sparse.h"
#include "mcu_numerics.h"

/* A channel with changed weights: what they add is summed apart. */
static void run_changed_channel(const mcu_depthwise_conv2d *conv, const mcu_linear *layer, const int8_t *plane,
                                unsigned o, const mcu_sparse_walk *sparse, int8_t *out)
{
    const mcu_window *win = &conv->window;
    const mcu_linear_shape *shape = &conv->linear;
    const MCU_FLASH int8_t *w = layer->weights + (size_t)o * shape->depth_padded;
    for (int oy = 0; oy < (int)win->output_h; oy++) {
        const int8_t *x = plane + (size_t)(oy * win->stride_h) * conv->plane_w;
        for (int ox = 0; ox < (int)win->output_w; ox++, x += win->stride_w, out += shape->outputs) {
            int32_t acc = layer->bias[o] + mcu_depthwise_window_sum__c(conv, w, x);
            for (unsigned i = 0; i < sparse->count; i++) {
                mcu_sparse_cursor cursor = sparse->cursors[i];
                int32_t difference;
                int32_t tap;
                while ((tap = mcu_sparse_next(&cursor, shape->depth, &difference)) >= 0) {
                    acc += difference * (x[mcu_tap_offset(conv, tap)] - shape->input_zero_point);
                }
            }
            const int32_t y = mcu_requantize(acc, layer->multiplier[o], layer->shift[o]);
            *out = (int8_t)mcu_clamp(y + shape->output_zero_point, shape->activation_min, shape->activation_max);
        }
    }
}

static MCU_NOINLINE void run_changed(const mcu_depthwise_conv2d *conv, const mcu_linear *layer, const int8_t *in,
                                     int8_t *out, int8_t *plane)
{
    mcu_sparse_walk sparse;
    unsigned o = 0;
    mcu_sparse_open(&sparse, layer->terms->sparse);
    for (int c = 0; c < (int)conv->window.input_c; c++) {
        mcu_depthwise_copy_plane__c(conv, in + c, plane);
        for (unsigned m = 0; m < conv->multiplier; m++, o++) {
            if (mcu_channel_is_changed(&sparse, conv->linear.depth)) {
                run_changed_channel(conv, layer, plane, o, &sparse, out + o);
            } else {
                mcu_depthwise_channel__c(conv, layer, plane, o, out + o);
            }
            mcu_skip_channel(&sparse, conv->linear.depth);
        }
    }
}

void mcu_depthwise_conv2d_s8_sparse__c(const mcu_depthwise_conv2d *conv, const mcu_linear *layer, const int8_t *in,
                                       int8_t *out, void *scratch)
{
    if (layer->terms != NULL) {
        run_changed(conv, layer, in, out, scratch);
    } else {
        mcu_depthwise_conv2d_s8__c(conv, layer, in, out, scratch);
    }
}
