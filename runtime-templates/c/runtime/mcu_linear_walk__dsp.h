/*
 * How the linear layers of the DSP extension walk their outputs, for the files that do it: with an adapter's terms and
 * without. Each names what adds to the accumulators as a constant, so that none holds a check of the other.
 */
#ifndef MCU_LINEAR_WALK__DSP_H
#define MCU_LINEAR_WALK__DSP_H

#include "mcu_gemm__dsp.h"
#include "mcu_linear__dsp.h"

/*
 * Adds to the start values of count outputs from this one on: of a block acc[pixel * 2 + i], i < 2; of a row acc[i],
 * i < 4. Outputs come in order.
 */
typedef void add_terms(void *terms, unsigned output, unsigned count, int32_t *acc);

/* Stores one output row of a block's valid pixels; acc is strided by 2. */
void mcu_linear_store__dsp(const mcu_linear_shape *shape, const mcu_linear *layer, const int32_t *acc, unsigned output,
                           unsigned valid, int8_t *out);

/* Requantises one accumulator. */
int8_t mcu_linear_finish__dsp(const mcu_linear_shape *shape, const mcu_linear *layer, int32_t acc, unsigned output);

/* Outputs of a block from o on, in pairs. */
static inline void run_pairs(const mcu_linear_shape *shape, const mcu_linear *layer, const int16_t *columns,
                             unsigned valid, int8_t *out, unsigned o, add_terms *add, void *terms)
{
    const int8_t *weights = layer->weights + (size_t)o * shape->depth_padded;
    for (; o < shape->outputs; o += 2) {
        const int32_t b0 = layer->bias[o];
        const int32_t b1 = layer->bias[o + 1u];
        int32_t acc[6] = {b0, b1, b0, b1, b0, b1};
        const int second = o + 1u < shape->outputs;
        if (add != NULL) {
            add(terms, o, second ? 2 : 1, acc);
        }
        const int8_t *end = weights + 2u * (size_t)shape->depth_padded;
        mcu_gemm_3x2__dsp(columns, weights, end, acc);
        weights = end;
        mcu_linear_store__dsp(shape, layer, acc, o, valid, out);
        if (second) {
            mcu_linear_store__dsp(shape, layer, acc + 1, o + 1u, valid, out);
        }
    }
}

/* Outputs of one pixel, four at a time. */
static inline void run_row(const mcu_linear_shape *shape, const mcu_linear *layer, const int16_t *columns, int8_t *out,
                           add_terms *add, void *terms)
{
    const size_t pair_bytes = 2u * (size_t)shape->depth_padded;
    const int8_t *weights = layer->weights;
    for (unsigned o = 0; o < shape->outputs; o += 4) {
        const unsigned count = shape->outputs - o < 4u ? shape->outputs - o : 4u;
        int32_t acc[4] = {0, 0, 0, 0};
        for (unsigned i = 0; i < count; i++) {
            acc[i] = layer->bias[o + i];
        }
        if (add != NULL) {
            add(terms, o, count, acc);
        }
        /* A last single pair runs twice; its second result is not stored. */
        mcu_gemm_1x4__dsp(columns, weights, weights + pair_bytes, acc, count > 2u ? weights + pair_bytes : weights);
        weights += 2u * pair_bytes;
        for (unsigned i = 0; i < count; i++) {
            out[o + i] = mcu_linear_finish__dsp(shape, layer, acc[i], o + i);
        }
    }
}

#endif
