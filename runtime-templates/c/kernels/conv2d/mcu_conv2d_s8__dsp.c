/*
 * Convolution with the DSP extension: widens the patches of 3 output pixels to int16 columns, then a matrix kernel of
 * 3 pixels by 2 outputs. Block: 3 pixels.
 */
#include "mcu_conv2d.h"
#include "mcu_linear__dsp.h"
#include "mcu_patch.h"

/* Whether the patch at this pixel can be widened row by row from the image, without gathering bytes first. */
static int is_direct(const mcu_window *win, int iy, int ix)
{
    return iy >= 0 && ix >= 0 && iy + win->kernel_h <= win->input_h && ix + win->kernel_w <= win->input_w &&
           (win->dilation_h | win->dilation_w) == 1 && ((win->kernel_w * win->input_c) & 3) == 0;
}

static void widen_patch(const mcu_conv2d *conv, const int8_t *in, int oy, int ox, int16_t *column, int8_t *patch)
{
    const mcu_window *win = &conv->window;
    const int iy = oy * win->stride_h - win->pad_top;
    const int ix = ox * win->stride_w - win->pad_left;
    if (is_direct(win, iy, ix)) {
        const size_t row_bytes = (size_t)win->input_w * win->input_c;
        const int8_t *row = in + (size_t)iy * row_bytes + (size_t)ix * win->input_c;
        for (int ky = 0; ky < win->kernel_h; ky++, row += row_bytes) {
            column = mcu_widen__dsp(row, (unsigned)(win->kernel_w * win->input_c), column, MCU_DSP_PIXELS);
        }
        return;
    }
    mcu_gather_patch(win, conv->linear.input_zero_point, in, oy, ox, patch);
    mcu_widen__dsp(patch, conv->linear.depth_padded, column, MCU_DSP_PIXELS);
}

void mcu_conv2d_s8__dsp(const mcu_conv2d *conv, const mcu_linear *layer, const int8_t *in, int8_t *out, void *scratch)
{
    const unsigned block_outputs = MCU_DSP_PIXELS * (unsigned)conv->linear.outputs;
    const int pixels = conv->window.output_h * conv->window.output_w;
    int16_t *columns = scratch;
    int16_t *projected = columns + (size_t)MCU_DSP_PIXELS * conv->linear.depth_padded;
    const unsigned rows = layer->terms != NULL ? layer->terms->rows : 0u;
    int8_t *patch = (int8_t *)(projected + (size_t)MCU_DSP_PIXELS * rows);
    int oy = 0;
    int ox = 0;
    for (int pixel = 0; pixel < pixels; pixel += MCU_DSP_PIXELS, out += block_outputs) {
        const int valid = pixels - pixel < MCU_DSP_PIXELS ? pixels - pixel : MCU_DSP_PIXELS;
        for (int p = 0; p < valid; p++) {
            widen_patch(conv, in, oy, ox, columns + 4 * p, patch);
            if (++ox == conv->window.output_w) {
                ox = 0;
                oy++;
            }
        }
        mcu_linear_block__dsp(&conv->linear, layer, columns, (unsigned)valid, out, projected);
    }
}
