/* Linear layers with any number of low-rank and sparse terms in portable C. */
#include "mcu_lora__c.h"
#include "mcu_sparse.h"

/* What an adapter adds to the accumulators of one row. */
typedef struct {
    const int8_t *x;
    int32_t depth;
    int32_t zero_point;
    const mcu_lora *lora;
    const int16_t *projected;
    mcu_sparse_walk sparse;
} adapter_terms;

static int32_t sum(void *adapter, unsigned output)
{
    adapter_terms *terms = adapter;
    const int16_t *projected = terms->projected;
    int32_t all = 0;
    for (const mcu_lora *lora = terms->lora; lora != NULL; lora = lora->next) {
        all += expand(lora, projected, output);
        projected += lora->rank;
    }
    for (unsigned i = 0; i < terms->sparse.count; i++) {
        int32_t difference;
        int32_t column;
        while ((column = mcu_sparse_next(&terms->sparse.cursors[i], terms->depth, &difference)) >= 0) {
            all += difference * (terms->x[column] - terms->zero_point);
        }
    }
    return all;
}

static void run_terms_row(const mcu_linear_shape *shape, const mcu_linear *layer, const int8_t *x, int8_t *out,
                          int16_t *projected)
{
    adapter_terms terms = {.x = x,
                           .depth = shape->depth,
                           .zero_point = shape->input_zero_point,
                           .lora = layer->terms->lora,
                           .projected = projected};
    for (const mcu_lora *lora = terms.lora; lora != NULL; lora = lora->next) {
        project(lora, x, shape->depth, projected);
        projected += lora->rank;
    }
    mcu_sparse_open(&terms.sparse, layer->terms->sparse);
    run_row(shape, layer, x, out, sum, &terms);
}

const mcu_term_kernel mcu_terms__c = {run_terms_row};
