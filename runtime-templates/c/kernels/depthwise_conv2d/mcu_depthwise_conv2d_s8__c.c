/* Depthwise convolution by channel planes, portable C: see mcu_depthwise__c.h. */
#include "mcu_depthwise__c.h"
#include "mcu_numerics.h"
#include <string.h>

void mcu_depthwise_copy_plane__c(const mcu_depthwise_conv2d *conv, const int8_t *in, int8_t *plane)
{
    const mcu_window *win = &conv->window;
    memset(plane, conv->linear.input_zero_point, (size_t)conv->plane_h * conv->plane_w);
    for (int y = 0; y < (int)win->input_h; y++) {
        int8_t *row = plane + (size_t)(y + win->pad_top) * conv->plane_w + win->pad_left;
        for (int x = 0; x < (int)win->input_w; x++, in += win->input_c) {
            row[x] = *in;
        }
    }
}

int32_t mcu_depthwise_window_sum__c(const mcu_depthwise_conv2d *conv, const MCU_FLASH int8_t *w, const int8_t *x)
{
    const mcu_window *win = &conv->window;
    const int step = win->dilation_h * (int)conv->plane_w;
    int32_t sum = 0;
    for (int ky = 0; ky < win->kernel_h; ky++, x += step) {
        const int8_t *cell = x;
        for (int kx = 0; kx < win->kernel_w; kx++, cell += win->dilation_w) {
            sum += *w++ * *cell;
        }
    }
    return sum;
}

/* The common 3x3 window: nine weights stay in registers. */
static int32_t window_sum_3x3(const MCU_FLASH int8_t *w, const int8_t *x, int width)
{
    const int8_t *r1 = x + width;
    const int8_t *r2 = r1 + width;
    int32_t sum = w[0] * x[0]; /* a product fits an int of 16 bits, their sum does not */
    sum += w[1] * x[1];
    sum += w[2] * x[2];
    sum += w[3] * r1[0];
    sum += w[4] * r1[1];
    sum += w[5] * r1[2];
    sum += w[6] * r2[0];
    sum += w[7] * r2[1];
    sum += w[8] * r2[2];
    return sum;
}

void mcu_depthwise_channel__c(const mcu_depthwise_conv2d *conv, const mcu_linear *layer, const int8_t *plane,
                              unsigned o, int8_t *out)
{
    const mcu_window *win = &conv->window;
    const mcu_linear_shape *shape = &conv->linear;
    const MCU_FLASH int8_t *w = layer->weights + (size_t)o * shape->depth_padded;
    const int is_3x3 = win->kernel_h == 3 && win->kernel_w == 3 && win->dilation_h == 1 && win->dilation_w == 1;
    for (int oy = 0; oy < (int)win->output_h; oy++) {
        const int8_t *x = plane + (size_t)(oy * win->stride_h) * conv->plane_w;
        for (int ox = 0; ox < (int)win->output_w; ox++, x += win->stride_w, out += shape->outputs) {
            const int32_t sum = is_3x3 ? window_sum_3x3(w, x, (int)conv->plane_w) : mcu_depthwise_window_sum__c(conv, w, x);
            const int32_t y = mcu_requantize(layer->bias[o] + sum, layer->multiplier[o], layer->shift[o]);
            *out = (int8_t)mcu_clamp(y + shape->output_zero_point, shape->activation_min, shape->activation_max);
        }
    }
}

void mcu_depthwise_conv2d_s8__c(const mcu_depthwise_conv2d *conv, const mcu_linear *layer, const int8_t *in,
                                int8_t *out, void *scratch)
{
    unsigned o = 0;
    for (int c = 0; c < (int)conv->window.input_c; c++) {
        mcu_depthwise_copy_plane__c(conv, in + c, scratch);
        for (unsigned m = 0; m < conv->multiplier; m++, o++) {
            mcu_depthwise_channel__c(conv, layer, scratch, o, out + o);
        }
    }
}
