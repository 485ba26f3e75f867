/* Depthwise convolution with the DSP extension: see mcu_depthwise__dsp.h. */
#include "mcu_depthwise_3x3__dsp.h"
#include "mcu_depthwise__dsp.h"
#include "mcu_numerics.h"
#include <string.h>

#if defined(__ARM_FEATURE_DSP)

static inline int32_t multiply_pair(uint32_t x, uint32_t w, int32_t sum)
{
    int32_t r;
    __asm__("smlad %0, %1, %2, %3" : "=r"(r) : "r"(x), "r"(w), "r"(sum));
    return r;
}

#else

static inline int32_t multiply_pair(uint32_t x, uint32_t w, int32_t sum)
{
    return sum + mcu_low_half(x) * mcu_low_half(w) + mcu_high_half(x) * mcu_high_half(w);
}

#endif

static void fill_plane(const mcu_depthwise_conv2d *conv, int16_t *plane)
{
    const size_t count = (size_t)conv->plane_h * conv->plane_w + 2u;
    for (size_t i = 0; i < count; i++) {
        plane[i] = conv->linear.input_zero_point;
    }
}

/* The 3x3 kernel takes no dilation, stride 1 or 2 in width, the fast path and no activation but saturation. */
static int is_special(const mcu_depthwise_conv2d *conv)
{
    const mcu_window *win = &conv->window;
    const mcu_linear_shape *shape = &conv->linear;
    return win->kernel_h == 3 && win->kernel_w == 3 && (win->dilation_h | win->dilation_w) == 1 && win->stride_w <= 2 &&
           shape->fast && shape->activation_min == -128 && shape->activation_max == 127;
}

void mcu_depthwise_open__dsp(const mcu_depthwise_conv2d *conv, void *scratch, mcu_depthwise_scratch *parts)
{
    const size_t plane_elements = ((size_t)conv->plane_h * conv->plane_w + 3u) & ~(size_t)1;
    parts->plane = scratch;
    parts->sums = (int32_t *)(void *)(parts->plane + plane_elements);
    parts->taps = (uint32_t *)(parts->sums + ((conv->window.output_w + 1) & ~1));
    parts->is_3x3 = is_special(conv);
    fill_plane(conv, parts->plane);
}

void mcu_depthwise_copy_plane__dsp(const mcu_depthwise_conv2d *conv, const int8_t *in, int16_t *plane)
{
    const mcu_window *win = &conv->window;
    const size_t step = win->input_c;
    const unsigned width = win->input_w;
    const size_t skip = conv->plane_w - width;
    int16_t *write = plane + (size_t)win->pad_top * conv->plane_w + win->pad_left;
    for (int y = win->input_h; y != 0; y--, write += skip) {
        int16_t *const end = write + width;
        for (const int16_t *fours_end = write + (width & ~3u); write != fours_end; write += 4) {
            const int8_t *third = in + 2 * step;
            write[0] = in[0];
            write[1] = in[step];
            write[2] = third[0];
            write[3] = third[step];
            in = third + 2 * step;
        }
        for (; write != end; in += step) {
            *write++ = *in;
        }
    }
}

static uint32_t pair(int8_t low, int8_t high)
{
    return (uint16_t)low | ((uint32_t)(uint16_t)high << 16);
}

static void load_taps_3x3(const int8_t *w, uint32_t *taps)
{
    for (int ky = 0; ky < 3; ky++, w += 3) {
        taps[ky] = pair(w[0], w[1]);
        taps[ky + 3] = pair(w[1], w[2]);
    }
}

void mcu_depthwise_load_taps__dsp(const mcu_depthwise_conv2d *conv, const mcu_linear *layer, unsigned o,
                                  uint32_t *taps)
{
    const mcu_window *win = &conv->window;
    const int8_t *w = layer->weights + (size_t)o * conv->linear.depth_padded;
    for (int ky = 0; ky < win->kernel_h; ky++, w += win->kernel_w) {
        int kx = 0;
        for (; kx + 2 <= win->kernel_w; kx += 2) {
            *taps++ = pair(w[kx], w[kx + 1]);
        }
        if (kx < win->kernel_w) {
            *taps++ = pair(w[kx], 0);
        }
    }
}

/* Any window; with dilation in width, tap by tap. */
void mcu_depthwise_sum_row__dsp(const mcu_depthwise_conv2d *conv, const int16_t *x, const uint32_t *taps, int32_t start,
                                int32_t *sums)
{
    const mcu_window *win = &conv->window;
    const size_t row_step = (size_t)win->dilation_h * conv->plane_w;
    for (int ox = 0; ox < win->output_w; ox++, x += win->stride_w) {
        const int16_t *row = x;
        const uint32_t *w = taps;
        int32_t sum = start;
        for (int ky = 0; ky < win->kernel_h; ky++, row += row_step) {
            const int16_t *cell = row;
            for (int kx = 0; kx < win->kernel_w; kx += 2, cell += 2 * win->dilation_w) {
                uint32_t v;
                if (win->dilation_w == 1) {
                    memcpy(&v, cell, sizeof v);
                } else {
                    const int last = kx + 1 == win->kernel_w;
                    v = (uint16_t)cell[0] | ((uint32_t)(uint16_t)(last ? 0 : cell[win->dilation_w]) << 16);
                }
                sum = multiply_pair(v, *w++, sum);
            }
        }
        *sums++ = sum;
    }
}

void mcu_depthwise_store_row__dsp(const mcu_depthwise_conv2d *conv, const mcu_linear *layer, unsigned o,
                                  const int32_t *sums, int8_t *out)
{
    const mcu_linear_shape *shape = &conv->linear;
    const int32_t multiplier = layer->multiplier[o];
    const int shift = layer->shift[o];
    const size_t step = shape->outputs;
    const int32_t *const end = sums + conv->window.output_w;
    if (!shape->fast) {
        for (; sums != end; out += step) {
            const int32_t y = mcu_requantize(*sums++, multiplier, shift) + shape->output_zero_point;
            *out = (int8_t)mcu_clamp(y, shape->activation_min, shape->activation_max);
        }
        return;
    }
    const int32_t offset = mcu_fast_offset(shift, shape->output_zero_point);
    if (shape->activation_min == -128 && shape->activation_max == 127) {
        for (; sums != end; out += step) {
            *out = (int8_t)mcu_saturate8(mcu_requantize_fast(*sums++, multiplier, shift, offset));
        }
        return;
    }
    for (; sums != end; out += step) {
        const int32_t y = mcu_requantize_fast(*sums++, multiplier, shift, offset);
        *out = (int8_t)mcu_clamp(y, shape->activation_min, shape->activation_max);
    }
}

static void run_channel_3x3(const mcu_depthwise_conv2d *conv, const mcu_linear *layer, const int16_t *plane,
                            unsigned o, uint32_t *taps, int8_t *out)
{
    const mcu_window *win = &conv->window;
    const uint32_t step = conv->linear.outputs;
    const uint32_t width = win->output_w;
    const uint32_t pairs = win->stride_w == 1 ? width / 2u : 0u;
    const uint32_t row_bytes = conv->plane_w * 2u;
    const mcu_depthwise_rows rows = {
        .pairs_end = out + 2u * pairs * step,
        .row_end = out + width * step,
        .end = out + (size_t)win->output_h * width * step,
        .out_row_bytes = width * step,
        .advance = win->stride_h * row_bytes - 4u * (width - pairs),
        .start = layer->bias[o],
        .twice_multiplier = 2u * (uint32_t)layer->multiplier[o],
        .offset = mcu_fast_offset(layer->shift[o], conv->linear.output_zero_point),
        .shift = layer->shift[o],
        .step = step,
    };
    load_taps_3x3(layer->weights + (size_t)o * conv->linear.depth_padded, taps);
    mcu_depthwise_3x3__dsp(plane, row_bytes, taps, out, rows);
}

static void run_channel(const mcu_depthwise_conv2d *conv, const mcu_linear *layer, const mcu_depthwise_scratch *scratch,
                        unsigned o, int8_t *out)
{
    const mcu_window *win = &conv->window;
    mcu_depthwise_load_taps__dsp(conv, layer, o, scratch->taps);
    for (int oy = 0; oy < win->output_h; oy++) {
        const int16_t *x = scratch->plane + (size_t)(oy * win->stride_h) * conv->plane_w;
        mcu_depthwise_sum_row__dsp(conv, x, scratch->taps, layer->bias[o], scratch->sums);
        mcu_depthwise_store_row__dsp(conv, layer, o, scratch->sums, out);
        out += (size_t)win->output_w * conv->linear.outputs;
    }
}

void mcu_depthwise_channel__dsp(const mcu_depthwise_conv2d *conv, const mcu_linear *layer,
                                const mcu_depthwise_scratch *scratch, unsigned o, int8_t *out)
{
    if (scratch->is_3x3) {
        run_channel_3x3(conv, layer, scratch->plane, o, scratch->taps, out);
    } else {
        run_channel(conv, layer, scratch, o, out);
    }
}

void mcu_depthwise_conv2d_s8__dsp(const mcu_depthwise_conv2d *conv, const mcu_linear *layer, const int8_t *in,
                                  int8_t *out, void *scratch)
{
    mcu_depthwise_scratch parts;
    mcu_depthwise_open__dsp(conv, scratch, &parts);
    unsigned o = 0;
    for (int c = 0; c < conv->window.input_c; c++) {
        mcu_depthwise_copy_plane__dsp(conv, in + c, parts.plane);
        for (unsigned m = 0; m < conv->multiplier; m++, o++) {
            mcu_depthwise_channel__dsp(conv, layer, &parts, o, out + o);
        }
    }
}
