/*
 * Depthwise convolution by channel planes with the DSP extension: the plane holds int16, so that two taps of a row are
 * one SMLAD; a row of accumulators at a time.
 *
 * scratch: int16 plane[plane_h * plane_w + 2], int32 sums[output_w rounded up to even], uint32 taps[rows of pairs].
 */
#include "mcu_depthwise_conv2d.h"
#include "mcu_depthwise_sparse.h"
#include "mcu_numerics.h"
#include <string.h>

/* What the 3x3 kernel needs after its four register arguments. Out pointers of the first row; it advances them. */
typedef struct {
    const int8_t *pairs_end; /* end of what is made in pairs */
    const int8_t *row_end;
    const int8_t *end; /* of all rows */
    uint32_t out_row_bytes;
    uint32_t advance; /* bytes from the end of a walk along a row to the start of the next */
    int32_t start;
    uint32_t twice_multiplier;
    int32_t offset; /* mcu_fast_offset */
    int32_t shift;
    uint32_t step; /* bytes between neighbours in out */
} depthwise_rows;

/*
 * One channel of a 3x3 window on the fast path with saturation to int8. Along each row first pairs of outputs with
 * stride 1, then single outputs with stride 2 (or one last output with stride 1). taps: per row (w0, w1), then per row
 * (w1, w2). plane is 4-byte aligned, row_bytes a multiple of 4. The struct is passed on the stack.
 */
void mcu_depthwise_3x3__dsp(const int16_t *plane, uint32_t row_bytes, const uint32_t *taps, int8_t *out,
                            depthwise_rows rows);

#if defined(__ARM_FEATURE_DSP)

/* Two outputs of one row: r10 = (x0, x1), r11 = (x2, x3). */
#define ROW_PAIR(pointer, w01, w12)                                                                                  \
    "ldrd r10, r11, [" pointer "], #4\n"                                                                             \
    "smlad r12, r10, " w01 ", r12\n"                                                                                 \
    "smlatb lr, r10, " w01 ", lr\n"                                                                                  \
    "smlabt r12, r11, " w12 ", r12\n"                                                                                \
    "smlad lr, r11, " w12 ", lr\n"

#define ROW_SINGLE(pointer, w01, w12)                                                                                \
    "ldrd r10, r11, [" pointer "], #4\n"                                                                             \
    "smlad r12, r10, " w01 ", r12\n"                                                                                 \
    "smlabt r12, r11, " w12 ", r12\n"

/* r0, r1, r3: rows; r4-r6: (w0, w1); r7-r9: (w1, w2); r2: out; [36]: the struct. Requantisation as in mcu_linear. */
__asm__(".syntax unified\n"
        ".thumb\n"
        ".section .text.mcu_depthwise_3x3__dsp,\"ax\",%progbits\n"
        ".balign 4\n"
        ".global mcu_depthwise_3x3__dsp\n"
        ".type mcu_depthwise_3x3__dsp, %function\n"
        ".thumb_func\n"
        "mcu_depthwise_3x3__dsp:\n"
        "push {r4-r11, lr}\n"
        "ldm r2, {r4-r9}\n"
        "mov r2, r3\n"
        "add r1, r0, r1\n"
        "rsb r3, r0, r1, lsl #1\n"
        "0:\n"
        "ldr r10, [sp, #36]\n"
        "cmp r2, r10\n"
        "beq 2f\n"
        "1:\n"
        "ldr r12, [sp, #56]\n"
        "mov lr, r12\n" ROW_PAIR("r0", "r4", "r7") ROW_PAIR("r1", "r5", "r8") ROW_PAIR("r3", "r6", "r9")
        "ldrd r10, r11, [sp, #60]\n"
        "smmlar r12, r12, r10, r12\n"
        "smmlar lr, lr, r10, lr\n"
        "add r12, r12, r12, asr #31\n"
        "add lr, lr, lr, asr #31\n"
        "add r12, r12, r11\n"
        "add lr, lr, r11\n"
        "ldrd r10, r11, [sp, #68]\n"
        "asr r12, r12, r10\n"
        "asr lr, lr, r10\n"
        "ssat r12, #8, r12\n"
        "ssat lr, #8, lr\n"
        "strb r12, [r2]\n"
        "strb lr, [r2, r11]\n"
        "add r2, r2, r11, lsl #1\n"
        "ldr r10, [sp, #36]\n"
        "cmp r2, r10\n"
        "bne 1b\n"
        "2:\n"
        "ldr r10, [sp, #40]\n"
        "cmp r2, r10\n"
        "beq 4f\n"
        "3:\n"
        "ldr r12, [sp, #56]\n" ROW_SINGLE("r0", "r4", "r7") ROW_SINGLE("r1", "r5", "r8") ROW_SINGLE("r3", "r6", "r9")
        "ldrd r10, r11, [sp, #60]\n"
        "smmlar r12, r12, r10, r12\n"
        "add r12, r12, r12, asr #31\n"
        "add r12, r12, r11\n"
        "ldrd r10, r11, [sp, #68]\n"
        "asr r12, r12, r10\n"
        "ssat r12, #8, r12\n"
        "strb r12, [r2]\n"
        "add r2, r2, r11\n"
        "ldr r10, [sp, #40]\n"
        "cmp r2, r10\n"
        "bne 3b\n"
        "4:\n"
        "ldr r10, [sp, #44]\n"
        "cmp r2, r10\n"
        "beq 5f\n"
        "ldrd r10, r11, [sp, #36]\n"
        "ldrd r12, lr, [sp, #48]\n"
        "add r10, r10, r12\n"
        "add r11, r11, r12\n"
        "strd r10, r11, [sp, #36]\n"
        "add r0, r0, lr\n"
        "add r1, r1, lr\n"
        "add r3, r3, lr\n"
        "b 0b\n"
        "5:\n"
        "pop {r4-r11, pc}\n"
        ".size mcu_depthwise_3x3__dsp, . - mcu_depthwise_3x3__dsp\n"
        ".text\n");

static inline int32_t multiply_pair(uint32_t x, uint32_t w, int32_t sum)
{
    int32_t r;
    __asm__("smlad %0, %1, %2, %3" : "=r"(r) : "r"(x), "r"(w), "r"(sum));
    return r;
}

#else

static inline int32_t low_half(uint32_t v)
{
    return (int16_t)(uint16_t)v;
}

static inline int32_t high_half(uint32_t v)
{
    return (int16_t)(uint16_t)(v >> 16);
}

static inline int32_t multiply_pair(uint32_t x, uint32_t w, int32_t sum)
{
    return sum + low_half(x) * low_half(w) + high_half(x) * high_half(w);
}

static int8_t finish_3x3(const int16_t *x, size_t row, const uint32_t *taps, const depthwise_rows *rows)
{
    int32_t sum = rows->start;
    for (int ky = 0; ky < 3; ky++, x += row) {
        sum += low_half(taps[ky]) * x[0] + high_half(taps[ky]) * x[1] + high_half(taps[ky + 3]) * x[2];
    }
    const int32_t multiplier = (int32_t)(rows->twice_multiplier / 2u);
    return (int8_t)mcu_saturate8(mcu_requantize_fast(sum, multiplier, rows->shift, rows->offset));
}

void mcu_depthwise_3x3__dsp(const int16_t *plane, uint32_t row_bytes, const uint32_t *taps, int8_t *out,
                            depthwise_rows rows)
{
    const size_t row = row_bytes / 2u;
    for (;;) {
        for (; out != rows.pairs_end; out += 2u * rows.step, plane += 2) {
            out[0] = finish_3x3(plane, row, taps, &rows);
            out[rows.step] = finish_3x3(plane + 1, row, taps, &rows);
        }
        for (; out != rows.row_end; out += rows.step, plane += 2) {
            *out = finish_3x3(plane, row, taps, &rows);
        }
        if (out == rows.end) {
            return;
        }
        rows.pairs_end += rows.out_row_bytes;
        rows.row_end += rows.out_row_bytes;
        plane += rows.advance / 2u;
    }
}

#endif

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

/* The 3x3 kernel takes no dilation, stride 1 or 2 in width, the fast path and no activation but saturation. */
static int is_special(const mcu_depthwise_conv2d *conv)
{
    const mcu_window *win = &conv->window;
    const mcu_linear_shape *shape = &conv->linear;
    return win->kernel_h == 3 && win->kernel_w == 3 && (win->dilation_h | win->dilation_w) == 1 && win->stride_w <= 2 &&
           shape->fast && shape->activation_min == -128 && shape->activation_max == 127;
}

static void run_channel_3x3(const mcu_depthwise_conv2d *conv, const mcu_linear *layer, const int16_t *plane,
                            unsigned o, uint32_t *taps, int8_t *out)
{
    const mcu_window *win = &conv->window;
    const uint32_t step = conv->linear.outputs;
    const uint32_t width = win->output_w;
    const uint32_t pairs = win->stride_w == 1 ? width / 2u : 0u;
    const uint32_t row_bytes = conv->plane_w * 2u;
    const depthwise_rows rows = {
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

/* What changed weights add to a row of sums. */
static void correct_row(const mcu_depthwise_conv2d *conv, const int16_t *x, const mcu_sparse_walk *sparse, int32_t *sums)
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

/* Where a channel's image, sums and taps lie in the scratch memory. */
typedef struct {
    int16_t *plane;
    int32_t *sums;
    uint32_t *taps;
} depthwise_scratch;

/* sparse: null without an adapter's changes. */
static void run_channel(const mcu_depthwise_conv2d *conv, const mcu_linear *layer, const depthwise_scratch *scratch,
                        unsigned o, const mcu_sparse_walk *sparse, int8_t *out)
{
    const mcu_window *win = &conv->window;
    const int32_t start = layer->bias[o];
    load_taps(win, layer->weights + (size_t)o * conv->linear.depth_padded, scratch->taps);
    for (int oy = 0; oy < win->output_h; oy++) {
        const int16_t *x = scratch->plane + (size_t)(oy * win->stride_h) * conv->plane_w;
        sum_row(conv, x, scratch->taps, start, scratch->sums);
        if (sparse != NULL) {
            correct_row(conv, x, sparse, scratch->sums);
        }
        store_row(conv, layer, o, scratch->sums, out);
        out += (size_t)win->output_w * conv->linear.outputs;
    }
}

static void run_channels(const mcu_depthwise_conv2d *conv, const mcu_linear *layer, const int8_t *in, int8_t *out,
                         const depthwise_scratch *scratch, mcu_sparse_walk *sparse)
{
    const int special = is_special(conv);
    unsigned o = 0;
    for (int c = 0; c < conv->window.input_c; c++) {
        copy_plane(conv, in + c, scratch->plane);
        for (unsigned m = 0; m < conv->multiplier; m++, o++) {
            const int changed = sparse != NULL && mcu_channel_is_changed(sparse, conv->linear.depth);
            if (special && !changed) {
                run_channel_3x3(conv, layer, scratch->plane, o, scratch->taps, out + o);
            } else {
                run_channel(conv, layer, scratch, o, changed ? sparse : NULL, out + o);
            }
            if (sparse != NULL) {
                mcu_skip_channel(sparse, conv->linear.depth);
            }
        }
    }
}

static MCU_NOINLINE void run_adapted(const mcu_depthwise_conv2d *conv, const mcu_linear *layer, const int8_t *in,
                                     int8_t *out, const depthwise_scratch *scratch)
{
    mcu_sparse_walk sparse;
    mcu_sparse_open(&sparse, layer->sparse);
    run_channels(conv, layer, in, out, scratch, &sparse);
}

void mcu_depthwise_conv2d_s8__dsp(const mcu_depthwise_conv2d *conv, const mcu_linear *layer, const int8_t *in,
                                  int8_t *out, void *scratch)
{
    const size_t plane_elements = ((size_t)conv->plane_h * conv->plane_w + 3u) & ~(size_t)1;
    depthwise_scratch parts = {.plane = scratch};
    parts.sums = (int32_t *)(void *)(parts.plane + plane_elements);
    parts.taps = (uint32_t *)(parts.sums + ((conv->window.output_w + 1) & ~1));
    fill_plane(conv, parts.plane);
    if (layer->sparse != NULL) {
        run_adapted(conv, layer, in, out, &parts);
    } else {
        run_channels(conv, layer, in, out, &parts, NULL);
    }
}
