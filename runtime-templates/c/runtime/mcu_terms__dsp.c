/* Linear layers with any number of low-rank and sparse terms on the DSP extension. */
#include "mcu_lora__dsp.h"
#include "mcu_linear_walk__dsp.h"
#include "mcu_sparse.h"

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

static void open_terms(adapter_terms *terms, const mcu_linear_shape *shape, const mcu_terms *of)
{
    terms->lora = of->lora;
    terms->depth = shape->depth;
    terms->zero_point = shape->input_zero_point;
    mcu_sparse_open(&terms->sparse, of->sparse);
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

static void add_block(void *adapter, unsigned output, unsigned count, int32_t *acc)
{
    adapter_terms *terms = adapter;
    const int16_t *projected = terms->projected;
    for (const mcu_lora *lora = terms->lora; lora != NULL; lora = lora->next) {
        expand_block(lora, projected, output, count == 2, acc);
        projected += MCU_DSP_PIXELS * (size_t)lora->rank_padded;
    }
    for (unsigned i = 0; i < count; i++) {
        correct(terms, acc + i);
    }
}

static void add_row(void *adapter, unsigned output, unsigned count, int32_t *acc)
{
    adapter_terms *terms = adapter;
    const int16_t *projected = terms->projected;
    for (const mcu_lora *lora = terms->lora; lora != NULL; lora = lora->next) {
        expand_row(lora, projected, output, count, acc);
        projected += lora->rank_padded;
    }
    for (unsigned i = 0; i < count; i++) {
        correct(terms, acc + i);
    }
}

static void run_terms_block(const mcu_linear_shape *shape, const mcu_linear *layer, const int16_t *columns,
                            unsigned valid, int8_t *out, int16_t *projected)
{
    adapter_terms terms = {.columns = columns, .projected = projected, .pixels = MCU_DSP_PIXELS, .valid = valid};
    open_terms(&terms, shape, layer->terms);
    for (const mcu_lora *lora = terms.lora; lora != NULL; lora = lora->next) {
        project_block(shape, lora, columns, projected);
        projected += MCU_DSP_PIXELS * (size_t)lora->rank_padded;
    }
    run_pairs(shape, layer, columns, valid, out, 0, add_block, &terms);
}

static void run_terms_row(const mcu_linear_shape *shape, const mcu_linear *layer, const int16_t *columns, int8_t *out,
                          int16_t *projected)
{
    adapter_terms terms = {.columns = columns, .projected = projected, .pixels = 1, .valid = 1};
    open_terms(&terms, shape, layer->terms);
    for (const mcu_lora *lora = terms.lora; lora != NULL; lora = lora->next) {
        project_row(shape, lora, columns, projected);
        projected += lora->rank_padded;
    }
    run_row(shape, layer, columns, out, add_row, &terms);
}

const mcu_term_kernel mcu_terms__dsp = {run_terms_block, run_terms_row};
