/*
 * How a linear layer in portable C walks its outputs, for the files that do it: with an adapter's terms and without.
 * Each names what adds to the accumulators as a constant, so that none holds a check of the other.
 */
#ifndef MCU_LINEAR_WALK__C_H
#define MCU_LINEAR_WALK__C_H

#include "mcu_linear__c.h"
#include "mcu_numerics.h"

/* What adds to the start value of an output; outputs come in order. */
typedef int32_t sum_of_terms(void *terms, unsigned output);

static inline int32_t dot(const MCU_FLASH int8_t *w, const int8_t *x, unsigned depth)
{
    int32_t sum = 0;
    for (unsigned k = 0; k < depth; k++) {
        sum += w[k] * x[k];
    }
    return sum;
}

/* Four rows at once: each input is loaded once for four weights. */
static inline void dot4(const MCU_FLASH int8_t *w, const int8_t *x, unsigned depth, int32_t acc[4])
{
    const MCU_FLASH int8_t *w0 = w;
    const MCU_FLASH int8_t *w1 = w0 + depth;
    const MCU_FLASH int8_t *w2 = w1 + depth;
    const MCU_FLASH int8_t *w3 = w2 + depth;
    int32_t a0 = acc[0];
    int32_t a1 = acc[1];
    int32_t a2 = acc[2];
    int32_t a3 = acc[3];
    for (unsigned k = 0; k < depth; k++) {
        const int v = x[k]; /* products fit 16 bits */
        a0 += w0[k] * v;
        a1 += w1[k] * v;
        a2 += w2[k] * v;
        a3 += w3[k] * v;
    }
    acc[0] = a0;
    acc[1] = a1;
    acc[2] = a2;
    acc[3] = a3;
}

static inline int8_t finish(const mcu_linear_shape *shape, const mcu_linear *layer, int32_t acc, unsigned output)
{
    const int32_t y = mcu_requantize(acc, layer->multiplier[output], layer->shift[output]) + shape->output_zero_point;
    return (int8_t)mcu_clamp(y, shape->activation_min, shape->activation_max);
}

static inline void run_row(const mcu_linear_shape *shape, const mcu_linear *layer, const int8_t *x, int8_t *out,
                           sum_of_terms *sum, void *terms)
{
    const unsigned depth = shape->depth;
    unsigned o = 0;
    for (; o + 4 <= shape->outputs; o += 4) {
        const MCU_FLASH int32_t *bias = layer->bias + o;
        int32_t acc[4] = {bias[0], bias[1], bias[2], bias[3]};
        for (unsigned i = 0; i < 4 && sum != NULL; i++) {
            acc[i] += sum(terms, o + i);
        }
        dot4(layer->weights + (size_t)o * depth, x, depth, acc);
        for (unsigned i = 0; i < 4; i++) {
            out[o + i] = finish(shape, layer, acc[i], o + i);
        }
    }
    for (; o < shape->outputs; o++) {
        int32_t acc = layer->bias[o];
        if (sum != NULL) {
            acc += sum(terms, o);
        }
        out[o] = finish(shape, layer, acc + dot(layer->weights + (size_t)o * depth, x, depth), o);
    }
}

#endif
