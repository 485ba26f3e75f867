/* Depthwise convolution with the DSP extension whose weights an adapter may change. */
#include "mcu_depthwise__dsp.h"
#include "mcu_depthwise_sparse.h"

/* What changed weights add to a row of sums. */
static void correct_row(const mcu_depthwise_conv2d *conv, const int16_t *x, const mcu_sparse_walk *sparse,
                        int32_t *sums)
{
    const mcu_window *win = &conv->window;
    for (unsigned i = 0; i < sparse->count; i++) {
        mcu_sparse_cursor cursor = sparse->cursors[i];
        int32_t difference;
        int32_t tap;
        while ((tap = mcu_sparse_next(&cursor, conv->linear.depth, &difference)) >= 0) {
            const int16_t *cell = x + mcu_tap_offset(conv, tap);
            for (unsigned ox = 0; ox < win->output_w; ox++, cell += win->stride_w) {
                sums[ox] += difference * (*cell - conv->linear.input_zero_point);
            }
        }
    }
}

static void run_changed_channel(const mcu_depthwise_conv2d *conv, const mcu_linear *layer,
                                const mcu_depthwise_scratch *scratch, unsigned o, const mcu_sparse_walk *sparse,
                                int8_t *out)
{
    const mcu_window *win = &conv->window;
    mcu_depthwise_load_taps__dsp(conv, layer, o, scratch->taps);
    for (int oy = 0; oy < win->output_h; oy++) {
        const int16_t *x = scratch->plane + (size_t)(oy * win->stride_h) * conv->plane_w;
        mcu_depthwise_sum_row__dsp(conv, x, scratch->taps, layer->bias[o], scratch->sums);
        correct_row(conv, x, sparse, scratch->sums);
        mcu_depthwise_store_row__dsp(conv, layer, o, scratch->sums, out);
        out += (size_t)win->output_w * conv->linear.outputs;
    }
}

static MCU_NOINLINE void run_changed(const mcu_depthwise_conv2d *conv, const mcu_linear *layer, const int8_t *in,
                                     int8_t *out, void *scratch)
{
    mcu_depthwise_scratch parts;
    mcu_sparse_walk sparse;
    unsigned o = 0;
    mcu_depthwise_open__dsp(conv, scratch, &parts);
    mcu_sparse_open(&sparse, layer->terms->sparse);
    for (int c = 0; c < conv->window.input_c; c++) {
        mcu_depthwise_copy_plane__dsp(conv, in + c, parts.plane);
        for (unsigned m = 0; m < conv->multiplier; m++, o++) {
            if (mcu_channel_is_changed(&sparse, conv->linear.depth)) {
                run_changed_channel(conv, layer, &parts, o, &sparse, out + o);
            } else {
                mcu_depthwise_channel__dsp(conv, layer, &parts, o, out + o);
            }
            mcu_skip_channel(&sparse, conv->linear.depth);
        }
    }
}

void mcu_depthwise_conv2d_s8_sparse__dsp(const mcu_depthwise_conv2d *conv, const mcu_linear *layer, const int8_t *in,
                                         int8_t *out, void *scratch)
{
    if (layer->terms != NULL) {
        run_changed(conv, layer, in, out, scratch);
    } else {
        mcu_depthwise_conv2d_s8__dsp(conv, layer, in, out, scratch);
    }
}
