/*
 * Linear layer, one row, portable C. Weights are [outputs][depth_padded] with depth_padded == depth.
 * Exact: the bytes of the int8 reference.
 */
#include "mcu_linear__c.h"
#include "mcu_numerics.h"
#include "mcu_sparse.h"

static int32_t dot(const int8_t *w, const int8_t *x, unsigned depth)
{
    int32_t sum = 0;
    for (unsigned k = 0; k < depth; k++) {
        sum += w[k] * x[k];
    }
    return sum;
}

/* Four rows at once: each input is loaded once for four weights. */
static void dot4(const int8_t *w, const int8_t *x, unsigned depth, int32_t acc[4])
{
    const int8_t *w0 = w;
    const int8_t *w1 = w0 + depth;
    const int8_t *w2 = w1 + depth;
    const int8_t *w3 = w2 + depth;
    int32_t a0 = acc[0];
    int32_t a1 = acc[1];
    int32_t a2 = acc[2];
    int32_t a3 = acc[3];
    for (unsigned k = 0; k < depth; k++) {
        const int32_t v = x[k];
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

static void project(const mcu_lora *lora, const int8_t *x, unsigned depth, int16_t *projected)
{
    for (unsigned r = 0; r < lora->rank; r++) {
        const int32_t sum = lora->a_bias[r] + dot(lora->a + (size_t)r * depth, x, depth);
        const int32_t u = mcu_requantize(sum, lora->a_multiplier[r], lora->a_shift[r]);
        projected[r] = (int16_t)mcu_clamp(u, INT16_MIN, INT16_MAX);
    }
}

/* What an adapter adds to the accumulators of one row. */
typedef struct {
    const int8_t *x;
    int32_t depth;
    int32_t zero_point;
    const mcu_lora *lora;
    const int16_t *projected;
    mcu_sparse_walk sparse;
} adapter_terms;

static int32_t expand(const mcu_lora *lora, const int16_t *projected, unsigned output)
{
    const int8_t *b = lora->b + (size_t)output * lora->rank;
    int32_t sum = 0;
    for (unsigned r = 0; r < lora->rank; r++) {
        sum += b[r] * projected[r];
    }
    return mcu_shift_rounded(sum, lora->b_shift[output]);
}

/* Outputs come in order: the sparse walk goes along. */
static int32_t adapt(adapter_terms *terms, unsigned output)
{
    const int16_t *projected = terms->projected;
    int32_t sum = 0;
    for (const mcu_lora *lora = terms->lora; lora != NULL; lora = lora->next) {
        sum += expand(lora, projected, output);
        projected += lora->rank;
    }
    for (unsigned i = 0; i < terms->sparse.count; i++) {
        int32_t difference;
        int32_t column;
        while ((column = mcu_sparse_next(&terms->sparse.cursors[i], terms->depth, &difference)) >= 0) {
            sum += difference * (terms->x[column] - terms->zero_point);
        }
    }
    return sum;
}

static int8_t finish(const mcu_linear_shape *shape, const mcu_linear *layer, int32_t acc, unsigned output)
{
    const int32_t y = mcu_requantize(acc, layer->multiplier[output], layer->shift[output]) + shape->output_zero_point;
    return (int8_t)mcu_clamp(y, shape->activation_min, shape->activation_max);
}

/* terms: null without an adapter's. */
static void run_row(const mcu_linear_shape *shape, const mcu_linear *layer, const int8_t *x, int8_t *out,
                    adapter_terms *terms)
{
    const unsigned depth = shape->depth;
    unsigned o = 0;
    for (; o + 4 <= shape->outputs; o += 4) {
        int32_t acc[4];
        for (unsigned i = 0; i < 4; i++) {
            acc[i] = layer->bias[o + i];
            if (terms != NULL) {
                acc[i] += adapt(terms, o + i);
            }
        }
        dot4(layer->weights + (size_t)o * depth, x, depth, acc);
        for (unsigned i = 0; i < 4; i++) {
            out[o + i] = finish(shape, layer, acc[i], o + i);
        }
    }
    for (; o < shape->outputs; o++) {
        int32_t acc = layer->bias[o];
        if (terms != NULL) {
            acc += adapt(terms, o);
        }
        out[o] = finish(shape, layer, acc + dot(layer->weights + (size_t)o * depth, x, depth), o);
    }
}

static MCU_NOINLINE void run_adapted_row(const mcu_linear_shape *shape, const mcu_linear *layer, const int8_t *x,
                                         int8_t *out, int16_t *projected)
{
    adapter_terms terms = {
        .x = x, .depth = shape->depth, .zero_point = shape->input_zero_point, .lora = layer->lora, .projected = projected};
    for (const mcu_lora *lora = layer->lora; lora != NULL; lora = lora->next) {
        project(lora, x, shape->depth, projected);
        projected += lora->rank;
    }
    mcu_sparse_open(&terms.sparse, layer->sparse);
    run_row(shape, layer, x, out, &terms);
}

void mcu_linear_row__c(const mcu_linear_shape *shape, const mcu_linear *layer, const int8_t *x, int8_t *out,
                       int16_t *projected)
{
    if (layer->lora != NULL || layer->sparse != NULL) {
        run_adapted_row(shape, layer, x, out, projected);
    } else {
        run_row(shape, layer, x, out, NULL);
    }
}
