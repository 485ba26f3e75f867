/*
 * Linear layers on the DSP extension: widening, adapters, requantisation around the matrix kernels. Exact: the bytes of
 * the int8 reference.
 */
#include "mcu_linear__dsp.h"
#include "mcu_gemm__dsp.h"
#include "mcu_numerics.h"
#include "mcu_sparse.h"
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

/* Position of input k of a pixel in the columns. */
static unsigned column_index(unsigned k, unsigned pixel, unsigned pixels)
{
    const unsigned lane = ((k & 1u) << 1) | ((k >> 1) & 1u);
    return ((k >> 2) * pixels + pixel) * 4u + lane;
}

static int16_t project_one(const mcu_lora *lora, int32_t acc, unsigned r)
{
    const int32_t u = mcu_requantize(acc, lora->a_multiplier[r], lora->a_shift[r]);
    return (int16_t)mcu_clamp(u, INT16_MIN, INT16_MAX);
}

/* Columns of u for the block's pixels: [rank_padded / 4][3][4], as the columns of an input. */
static void project_block(const mcu_linear_shape *shape, const mcu_lora *lora, const int16_t *columns,
                          int16_t *projected)
{
    const int8_t *a = lora->a;
    for (unsigned r = 0; r < lora->rank; r += 2) {
        int32_t acc[6];
        const int8_t *end = a + 2u * shape->depth_padded;
        for (unsigned i = 0; i < 6; i++) {
            acc[i] = lora->a_bias[r + (i & 1u)];
        }
        mcu_gemm_3x2__dsp(columns, a, end, acc);
        for (unsigned i = 0; i < 6; i++) {
            const unsigned row = r + (i & 1u);
            if (row < lora->rank) {
                projected[column_index(row, i >> 1, MCU_DSP_PIXELS)] = project_one(lora, acc[i], row);
            }
        }
        a = end;
    }
}

static void project_row(const mcu_linear_shape *shape, const mcu_lora *lora, const int16_t *column,
                        int16_t *projected)
{
    const int8_t *a = lora->a;
    for (unsigned r = 0; r < lora->rank; r += 2) {
        int32_t acc[4] = {lora->a_bias[r], lora->a_bias[r + 1u], 0, 0};
        const int8_t *end = a + 2u * shape->depth_padded;
        mcu_gemm_1x4__dsp(column, a, end, acc, a);
        projected[column_index(r, 0, 1)] = project_one(lora, acc[0], r);
        if (r + 1u < lora->rank) {
            projected[column_index(r + 1u, 0, 1)] = project_one(lora, acc[1], r + 1u);
        }
        a = end;
    }
}

/* Adds B*u of one pair of outputs: B is packed as a weight matrix whose inputs are the ranks. */
static void expand_block(const mcu_lora *lora, const int16_t *projected, unsigned output, int second, int32_t *acc)
{
    const int8_t *b = lora->b + (size_t)output * lora->rank_padded;
    const int shift0 = lora->b_shift[output];
    const int shift1 = second ? lora->b_shift[output + 1u] : 0;
    int32_t sum[6] = {0, 0, 0, 0, 0, 0};
    mcu_gemm_3x2__dsp(projected, b, b + 2u * lora->rank_padded, sum);
    for (unsigned i = 0; i < 6; i += 2) {
        acc[i] += mcu_shift_rounded(sum[i], shift0);
        if (second) {
            acc[i + 1u] += mcu_shift_rounded(sum[i + 1u], shift1);
        }
    }
}

/* The same for up to two pairs of outputs of one pixel. */
static void expand_row(const mcu_lora *lora, const int16_t *projected, unsigned output, unsigned count, int32_t *acc)
{
    const size_t pair_bytes = 2u * (size_t)lora->rank_padded;
    const int8_t *b = lora->b + (size_t)output * lora->rank_padded;
    int32_t sum[4] = {0, 0, 0, 0};
    mcu_gemm_1x4__dsp(projected, b, b + pair_bytes, sum, count > 2u ? b + pair_bytes : b);
    for (unsigned i = 0; i < count; i++) {
        acc[i] += mcu_shift_rounded(sum[i], lora->b_shift[output + i]);
    }
}

/* What an adapter adds to the accumulators of one block or row. */
typedef struct {
    const mcu_lora *lora;
    const int16_t *columns;
    const int16_t *projected;
    unsigned pixels; /* between neighbours in columns */
    unsigned valid;  /* pixels that are stored; the others may hold anything */
    int32_t depth;
    int32_t zero_point;
    mcu_sparse_walk sparse;
} adapter_terms;

static void open_terms(adapter_terms *terms, const mcu_linear_shape *shape, const mcu_linear *layer)
{
    terms->lora = layer->lora;
    terms->depth = shape->depth;
    terms->zero_point = shape->input_zero_point;
    mcu_sparse_open(&terms->sparse, layer->sparse);
}

/* Adds the differences of the next output, which come in order, to its accumulators, strided by 2. */
static void correct(adapter_terms *terms, int32_t *acc)
{
    for (unsigned i = 0; i < terms->sparse.count; i++) {
        int32_t difference;
        int32_t column;
        while ((column = mcu_sparse_next(&terms->sparse.cursors[i], terms->depth, &difference)) >= 0) {
            const int16_t *x = terms->columns + column_index((unsigned)column, 0, terms->pixels);
            for (unsigned p = 0; p < terms->valid; p++) {
                acc[2u * p] += difference * (x[4u * p] - terms->zero_point);
            }
        }
    }
}

/* Adds what an adapter changes to the accumulators of one pair of outputs of the block's pixels. */
static void adapt_block(adapter_terms *terms, unsigned output, int second, int32_t *acc)
{
    const int16_t *projected = terms->projected;
    for (const mcu_lora *lora = terms->lora; lora != NULL; lora = lora->next) {
        expand_block(lora, projected, output, second, acc);
        projected += MCU_DSP_PIXELS * (size_t)lora->rank_padded;
    }
    correct(terms, acc);
    if (second) {
        correct(terms, acc + 1);
    }
}

static void adapt_row(adapter_terms *terms, unsigned output, unsigned count, int32_t *acc)
{
    const int16_t *projected = terms->projected;
    for (const mcu_lora *lora = terms->lora; lora != NULL; lora = lora->next) {
        expand_row(lora, projected, output, count, acc);
        projected += lora->rank_padded;
    }
    for (unsigned i = 0; i < count; i++) {
        correct(terms, acc + i);
    }
}

static int8_t finish_general(const mcu_linear_shape *shape, const mcu_linear *layer, int32_t acc, unsigned output)
{
    const int32_t y = mcu_requantize(acc, layer->multiplier[output], layer->shift[output]) + shape->output_zero_point;
    return (int8_t)mcu_clamp(y, shape->activation_min, shape->activation_max);
}

/* Stores one output row of the valid pixels; acc is strided by 2. */
static void store_pixels(const mcu_linear_shape *shape, const mcu_linear *layer, const int32_t *acc, unsigned output,
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

/* Outputs from o on, in pairs; terms: null without an adapter's. */
static void run_pairs(const mcu_linear_shape *shape, const mcu_linear *layer, const int16_t *columns, unsigned valid,
                      int8_t *out, unsigned o, adapter_terms *terms)
{
    const int8_t *weights = layer->weights + (size_t)o * shape->depth_padded;
    for (; o < shape->outputs; o += 2) {
        const int32_t b0 = layer->bias[o];
        const int32_t b1 = layer->bias[o + 1u];
        int32_t acc[6] = {b0, b1, b0, b1, b0, b1};
        const int second = o + 1u < shape->outputs;
        if (terms != NULL) {
            adapt_block(terms, o, second, acc);
        }
        const int8_t *end = weights + 2u * (size_t)shape->depth_padded;
        mcu_gemm_3x2__dsp(columns, weights, end, acc);
        weights = end;
        store_pixels(shape, layer, acc, o, valid, out);
        if (second) {
            store_pixels(shape, layer, acc + 1, o + 1u, valid, out);
        }
    }
}

static MCU_NOINLINE void run_adapted_block(const mcu_linear_shape *shape, const mcu_linear *layer,
                                           const int16_t *columns, unsigned valid, int8_t *out, int16_t *projected)
{
    adapter_terms terms = {.columns = columns, .projected = projected, .pixels = MCU_DSP_PIXELS, .valid = valid};
    open_terms(&terms, shape, layer);
    for (const mcu_lora *lora = layer->lora; lora != NULL; lora = lora->next) {
        project_block(shape, lora, columns, projected);
        projected += MCU_DSP_PIXELS * (size_t)lora->rank_padded;
    }
    run_pairs(shape, layer, columns, valid, out, 0, &terms);
}

void mcu_linear_block__dsp(const mcu_linear_shape *shape, const mcu_linear *layer, const int16_t *columns,
                           unsigned valid, int8_t *out, int16_t *projected)
{
    if (layer->lora != NULL || layer->sparse != NULL) {
        run_adapted_block(shape, layer, columns, valid, out, projected);
        return;
    }
    const int whole = valid == MCU_DSP_PIXELS && is_fast_and_full(shape);
    run_pairs(shape, layer, columns, valid, out, whole ? run_block(shape, layer, columns, out) : 0, NULL);
}

static int8_t finish(const mcu_linear_shape *shape, const mcu_linear *layer, int32_t acc, unsigned output)
{
    if (shape->fast) {
        const int shift = layer->shift[output];
        const int32_t offset = mcu_fast_offset(shift, shape->output_zero_point);
        const int32_t y = mcu_requantize_fast(acc, layer->multiplier[output], shift, offset);
        return (int8_t)mcu_clamp(y, shape->activation_min, shape->activation_max);
    }
    return finish_general(shape, layer, acc, output);
}

/* Four outputs at a time; terms: null without an adapter's. */
static void run_row(const mcu_linear_shape *shape, const mcu_linear *layer, const int16_t *columns, int8_t *out,
                    adapter_terms *terms)
{
    const size_t pair_bytes = 2u * (size_t)shape->depth_padded;
    const int8_t *weights = layer->weights;
    for (unsigned o = 0; o < shape->outputs; o += 4) {
        const unsigned count = shape->outputs - o < 4u ? shape->outputs - o : 4u;
        int32_t acc[4] = {0, 0, 0, 0};
        for (unsigned i = 0; i < count; i++) {
            acc[i] = layer->bias[o + i];
        }
        if (terms != NULL) {
            adapt_row(terms, o, count, acc);
        }
        /* A last single pair runs twice; its second result is not stored. */
        mcu_gemm_1x4__dsp(columns, weights, weights + pair_bytes, acc, count > 2u ? weights + pair_bytes : weights);
        weights += 2u * pair_bytes;
        for (unsigned i = 0; i < count; i++) {
            out[o + i] = finish(shape, layer, acc[i], o + i);
        }
    }
}

static MCU_NOINLINE void run_adapted_row(const mcu_linear_shape *shape, const mcu_linear *layer,
                                         const int16_t *columns, int8_t *out, int16_t *projected)
{
    adapter_terms terms = {.columns = columns, .projected = projected, .pixels = 1, .valid = 1};
    open_terms(&terms, shape, layer);
    for (const mcu_lora *lora = layer->lora; lora != NULL; lora = lora->next) {
        project_row(shape, lora, columns, projected);
        projected += lora->rank_padded;
    }
    run_row(shape, layer, columns, out, &terms);
}

void mcu_linear_row__dsp(const mcu_linear_shape *shape, const mcu_linear *layer, const int16_t *columns, int8_t *out,
                         int16_t *projected)
{
    if (layer->lora != NULL || layer->sparse != NULL) {
        run_adapted_row(shape, layer, columns, out, projected);
    } else {
        run_row(shape, layer, columns, out, NULL);
    }
}
