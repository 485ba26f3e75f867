/*
 * Depthwise convolution by channel planes with the DSP extension: the plane holds int16, so that two taps of a row are
 * one SMLAD; a row of accumulators at a time.
 *
 * scratch: int16 plane[plane_h * plane_w + 2], int32 sums[output_w rounded up to even], uint32 taps[rows of pairs].
 */
#include "mcu_depthwise_conv2d.h"
#include "mcu_numerics.h"
#include <string.h>

/*
 * sums[i] = start + 3x3 window at row + i * stride elements; taps: per row (w0, w1), then per row (w1, w2).
 * count: sums to make, for stride 1 an even number. row is 4-byte aligned, row_bytes a multiple of 4.
 */
void mcu_depthwise_3x3_s1__dsp(const int16_t *row, unsigned row_bytes, const uint32_t *taps, int32_t *sums,
                               const int32_t *sums_end, int32_t start);
void mcu_depthwise_3x3_s2__dsp(const int16_t *row, unsigned row_bytes, const uint32_t *taps, int32_t *sums,
                               const int32_t *sums_end, int32_t start);

/* Two outputs of one row: r10 = (x0, x1), r11 = (x2, x3). */
#define ROW_S1(pointer, w01, w12)                                                                                    \
    "ldrd r10, r11, [" pointer "], #4\n"                                                                             \
    "smlad r12, r10, " w01 ", r12\n"                                                                                 \
    "smlatb lr, r10, " w01 ", lr\n"                                                                                  \
    "smlabt r12, r11, " w12 ", r12\n"                                                                                \
    "smlad lr, r11, " w12 ", lr\n"

/* One output of one row with stride 2. */
#define ROW_S2(pointer, w01, w12)                                                                                    \
    "ldrd r10, r11, [" pointer "], #4\n"                                                                             \
    "smlad r12, r10, " w01 ", r12\n"                                                                                 \
    "smlabt r12, r11, " w12 ", r12\n"

/* r0, r1, r3: rows; r4-r6: (w0, w1); r7-r9: (w1, w2); r2: sums; [sp]: start and end. */
#define ENTER                                                                                                        \
    "push {r4-r11, lr}\n"                                                                                            \
    "ldm r2, {r4-r9}\n"                                                                                              \
    "mov r2, r3\n"                                                                                                   \
    "add r1, r0, r1\n"                                                                                               \
    "rsb r3, r0, r1, lsl #1\n"

#define FUNCTION(name, body)                                                                                         \
    ".section .text." name ",\"ax\",%progbits\n"                                                                     \
    ".balign 4\n"                                                                                                    \
    ".global " name "\n"                                                                                             \
    ".type " name ", %function\n"                                                                                    \
    ".thumb_func\n" name ":\n" body ".size " name ", . - " name "\n"

__asm__(".syntax unified\n"
        ".thumb\n" FUNCTION("mcu_depthwise_3x3_s1__dsp", ENTER
                            "0:\n"
                            "ldr r12, [sp, #40]\n"
                            "mov lr, r12\n" ROW_S1("r0", "r4", "r7") ROW_S1("r1", "r5", "r8") ROW_S1("r3", "r6", "r9")
                            "strd r12, lr, [r2], #8\n"
                            "ldr r10, [sp, #36]\n"
                            "cmp r2, r10\n"
                            "bne 0b\n"
                            "pop {r4-r11, pc}\n")
            FUNCTION("mcu_depthwise_3x3_s2__dsp", ENTER
                     "ldr lr, [sp, #36]\n"
                     "0:\n"
                     "ldr r12, [sp, #40]\n" ROW_S2("r0", "r4", "r7") ROW_S2("r1", "r5", "r8") ROW_S2("r3", "r6", "r9")
                     "str r12, [r2], #4\n"
                     "cmp r2, lr\n"
                     "bne 0b\n"
                     "pop {r4-r11, pc}\n") ".text\n");

static inline int32_t multiply_pair(uint32_t x, uint32_t w, int32_t sum)
{
    int32_t r;
    __asm__("smlad %0, %1, %2, %3" : "=r"(r) : "r"(x), "r"(w), "r"(sum));
    return r;
}

static void fill_plane(const mcu_depthwise_conv2d *conv, int16_t *plane)
{
    const size_t count = (size_t)conv->plane_h * conv->plane_w + 2u;
    for (size_t i = 0; i < count; i++) {
        plane[i] = conv->linear.input_zero_point;
    }
}

static void copy_plane(const mcu_depthwise_conv2d *conv, const int8_t *in, int16_t *plane)
{
    const mcu_window *win = &conv->window;
    const size_t step = win->input_c;
    int16_t *row = plane + (size_t)win->pad_top * conv->plane_w + win->pad_left;
    for (int y = 0; y < win->input_h; y++, row += conv->plane_w) {
        int16_t *write = row;
        int16_t *const end = row + (win->input_w & ~1);
        for (; write != end; write += 2, in += 2 * step) {
            write[0] = in[0];
            write[1] = in[step];
        }
        if (win->input_w & 1) {
            write[0] = in[0];
            in += step;
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

static void load_taps(const mcu_window *win, const int8_t *w, uint32_t *taps)
{
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
static void sum_row(const mcu_depthwise_conv2d *conv, const int16_t *x, const uint32_t *taps, int32_t start,
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

static void store_row(const mcu_depthwise_conv2d *conv, const mcu_linear *layer, unsigned o, const int32_t *sums,
                      int8_t *out)
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

/* 3x3 windows without dilation and with stride 1 or 2 have their own inner loops. */
static int special_stride(const mcu_window *win)
{
    const int square = win->kernel_h == 3 && win->kernel_w == 3 && win->dilation_h == 1 && win->dilation_w == 1;
    return square && win->stride_w <= 2 ? win->stride_w : 0;
}

static void run_channel(const mcu_depthwise_conv2d *conv, const mcu_linear *layer, const int16_t *plane, unsigned o,
                        int32_t *sums, uint32_t *taps, int8_t *out)
{
    const mcu_window *win = &conv->window;
    const int8_t *w = layer->weights + (size_t)o * conv->linear.depth_padded;
    const int32_t start = layer->bias[o];
    const int special = special_stride(win);
    const unsigned row_bytes = conv->plane_w * 2u;
    if (special) {
        load_taps_3x3(w, taps);
    } else {
        load_taps(win, w, taps);
    }
    for (int oy = 0; oy < win->output_h; oy++) {
        const int16_t *x = plane + (size_t)(oy * win->stride_h) * conv->plane_w;
        if (special == 1) {
            mcu_depthwise_3x3_s1__dsp(x, row_bytes, taps, sums, sums + ((win->output_w + 1) & ~1), start);
        } else if (special == 2) {
            mcu_depthwise_3x3_s2__dsp(x, row_bytes, taps, sums, sums + win->output_w, start);
        } else {
            sum_row(conv, x, taps, start, sums);
        }
        store_row(conv, layer, o, sums, out);
        out += (size_t)win->output_w * conv->linear.outputs;
    }
}

void mcu_depthwise_conv2d_s8__dsp(const mcu_depthwise_conv2d *conv, const mcu_linear *layer, const int8_t *in,
                                  int8_t *out, void *scratch)
{
    int16_t *plane = scratch;
    const size_t plane_elements = ((size_t)conv->plane_h * conv->plane_w + 3u) & ~(size_t)1;
    int32_t *sums = (int32_t *)(void *)(plane + plane_elements);
    uint32_t *taps = (uint32_t *)(sums + ((conv->window.output_w + 1) & ~1));
    unsigned o = 0;
    fill_plane(conv, plane);
    for (int c = 0; c < conv->window.input_c; c++) {
        copy_plane(conv, in + c, plane);
        for (unsigned m = 0; m < conv->multiplier; m++, o++) {
            run_channel(conv, layer, plane, o, sums, taps, out + o);
        }
    }
}
