/*
 * Linear layers on the DSP extension: widening, and requantisation around the matrix kernels. Exact: the bytes of the
 * int8 reference.
 */
#include "mcu_linear__dsp.h"
#include "mcu_linear_walk__dsp.h"
#include "mcu_numerics.h"
#include <string.h>

/* Bytes 0 and 2, or 1 and 3, of a word as two int16. */
#if defined(__ARM_FEATURE_DSP)
static inline uint32_t widen_even(uint32_t v)
{
    uint32_t r;
    __asm__("sxtb16 %0, %1" : "=r"(r) : "r"(v));
    return r;
}

static inline uint32_t widen_odd(uint32_t v)
{
    uint32_t r;
    __asm__("sxtb16 %0, %1, ror #8" : "=r"(r) : "r"(v));
    return r;
}
#else
static inline uint32_t widen_even(uint32_t v)
{
    return (uint16_t)(int8_t)(uint8_t)v | ((uint32_t)(uint16_t)(int8_t)(uint8_t)(v >> 16) << 16);
}

static inline uint32_t widen_odd(uint32_t v)
{
    return widen_even(v >> 8);
}
#endif

/* Two int16 written as one word, and read as int16 elsewhere. */
#if defined(__GNUC__)
typedef uint32_t __attribute__((may_alias)) two_halves;
#else
typedef uint32_t two_halves;
#endif

int16_t *mcu_widen__dsp(const int8_t *bytes, unsigned count, int16_t *column, unsigned pixels)
{
    two_halves *write = (two_halves *)(void *)column;
    const unsigned stride = pixels * 2u;
    const int8_t *end = bytes + count;
    while (bytes != end) {
        uint32_t v;
        memcpy(&v, bytes, sizeof v);
        bytes += sizeof v;
        write[0] = widen_even(v);
        write[1] = widen_odd(v);
        write += stride;
    }
    return (int16_t *)(void *)write;
}

static int8_t finish_general(const mcu_linear_shape *shape, const mcu_linear *layer, int32_t acc, unsigned output)
{
    const int32_t y = mcu_requantize(acc, layer->multiplier[output], layer->shift[output]) + shape->output_zero_point;
    return (int8_t)mcu_clamp(y, shape->activation_min, shape->activation_max);
}

void mcu_linear_store__dsp(const mcu_linear_shape *shape, const mcu_linear *layer, const int32_t *acc, unsigned output,
                           unsigned valid, int8_t *out)
{
    const unsigned stride = shape->outputs;
    out += output;
    if (shape->fast) {
        const int32_t multiplier = layer->multiplier[output];
        const int shift = layer->shift[output];
        const int32_t offset = mcu_fast_offset(shift, shape->output_zero_point);
        for (unsigned p = 0; p < valid; p++) {
            const int32_t y = mcu_requantize_fast(acc[2u * p], multiplier, shift, offset);
            out[p * stride] = (int8_t)mcu_clamp(y, shape->activation_min, shape->activation_max);
        }
        return;
    }
    for (unsigned p = 0; p < valid; p++) {
        out[p * stride] = finish_general(shape, layer, acc[2u * p], output);
    }
}

int8_t mcu_linear_finish__dsp(const mcu_linear_shape *shape, const mcu_linear *layer, int32_t acc, unsigned output)
{
    if (shape->fast) {
        const int shift = layer->shift[output];
        const int32_t offset = mcu_fast_offset(shift, shape->output_zero_point);
        const int32_t y = mcu_requantize_fast(acc, layer->multiplier[output], shift, offset);
        return (int8_t)mcu_clamp(y, shape->activation_min, shape->activation_max);
    }
    return finish_general(shape, layer, acc, output);
}

/* Whether requantisation is the fast one and the activation no more than saturation. */
static int is_fast_and_full(const mcu_linear_shape *shape)
{
    return shape->fast && shape->activation_min == -128 && shape->activation_max == 127;
}

/* Outputs that the block kernel makes: pairs of a whole block, without an adapter's terms. */
static unsigned run_block(const mcu_linear_shape *shape, const mcu_linear *layer, const int16_t *columns, int8_t *out)
{
    const unsigned count = shape->outputs & ~1u;
    const mcu_gemm_arguments arguments = {
        .bias_end = layer->bias + count,
        .bias = layer->bias,
        .multiplier = layer->multiplier,
        .shift = layer->shift,
        .twice_zero_point_plus_1 = (uint32_t)(2 * shape->output_zero_point + 1),
        .stride = shape->outputs,
    };
    if (count != 0) {
        mcu_gemm_block__dsp(columns, 2u * (uint32_t)shape->depth_padded, layer->weights, out, arguments);
    }
    return count;
}

void mcu_linear_block__dsp(const mcu_linear_shape *shape, const mcu_linear *layer, const int16_t *columns,
                           unsigned valid, int8_t *out, int16_t *projected)
{
    if (layer->terms != NULL) {
        layer->terms->kernel->block(shape, layer, columns, valid, out, projected);
        return;
    }
    const int whole = valid == MCU_DSP_PIXELS && is_fast_and_full(shape);
    run_pairs(shape, layer, columns, valid, out, whole ? run_block(shape, layer, columns, out) : 0, NULL, NULL);
}

void mcu_linear_row__dsp(const mcu_linear_shape *shape, const mcu_linear *layer, const int16_t *columns, int8_t *out,
                         int16_t *projected)
{
    if (layer->terms != NULL) {
        layer->terms->kernel->row(shape, layer, columns, out, projected);
        return;
    }
    run_row(shape, layer, columns, out, NULL, NULL);
}
