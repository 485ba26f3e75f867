/*
 * Linear layer, one row, portable C. Weights are [outputs][depth_padded] with depth_padded == depth.
 * Exact: the bytes of the int8 reference.
 */
#include "mcu_linear__c.h"
#include "mcu_numerics.h"

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

static int32_t expand(const mcu_lora *lora, const int16_t *projected, unsigned output)
{
    const int8_t *b = lora->b + (size_t)output * lora->rank;
    const int shift = lora->b_shift[output];
    int32_t sum = 0;
    for (unsigned r = 0; r < lora->rank; r++) {
        sum += b[r] * projected[r];
    }
    return shift == 0 ? sum : (int32_t)(((int64_t)sum + ((int64_t)1 << (shift - 1))) >> shift);
}

static int32_t correct(const mcu_sparse *sparse, const int8_t *x, unsigned output)
{
    int32_t sum = 0;
    for (unsigned i = sparse->row_start[output]; i < sparse->row_start[output + 1u]; i++) {
        sum += sparse->difference[i] * x[sparse->column[i]];
    }
    return sum;
}

static int32_t start(const mcu_linear *layer, const int8_t *x, const int16_t *projected, unsigned output)
{
    int32_t acc = layer->bias[output];
    if (layer->lora != NULL) {
        acc += expand(layer->lora, projected, output);
    }
    if (layer->sparse != NULL) {
        acc += correct(layer->sparse, x, output);
    }
    return acc;
}

static int8_t finish(const mcu_linear_shape *shape, const mcu_linear *layer, int32_t acc, unsigned output)
{
    const int32_t y = mcu_requantize(acc, layer->multiplier[output], layer->shift[output]) + shape->output_zero_point;
    return (int8_t)mcu_clamp(y, shape->activation_min, shape->activation_max);
}

void mcu_linear_row__c(const mcu_linear_shape *shape, const mcu_linear *layer, const int8_t *x, int8_t *out,
                       int16_t *projected)
{
    const unsigned depth = shape->depth;
    unsigned o = 0;
    if (layer->lora != NULL) {
        project(layer->lora, x, depth, projected);
    }
    for (; o + 4 <= shape->outputs; o += 4) {
        int32_t acc[4];
        for (unsigned i = 0; i < 4; i++) {
            acc[i] = start(layer, x, projected, o + i);
        }
        dot4(layer->weights + (size_t)o * depth, x, depth, acc);
        for (unsigned i = 0; i < 4; i++) {
            out[o + i] = finish(shape, layer, acc[i], o + i);
        }
    }
    for (; o < shape->outputs; o++) {
        const int32_t acc = start(layer, x, projected, o) + dot(layer->weights + (size_t)o * depth, x, depth);
        out[o] = finish(shape, layer, acc, o);
    }
}
