/* Linear layers with one low-rank term in portable C. */
#include "mcu_lora__c.h"

typedef struct {
    const mcu_lora *lora;
    const int16_t *projected;
} low_rank;

static int32_t sum(void *terms, unsigned output)
{
    const low_rank *term = terms;
    return expand(term->lora, term->projected, output);
}

static void run_lora_row(const mcu_linear_shape *shape, const mcu_linear *layer, const int8_t *x, int8_t *out,
                         int16_t *projected)
{
    low_rank term = {layer->terms->lora, projected};
    project(term.lora, x, shape->depth, projected);
    run_row(shape, layer, x, out, sum, &term);
}

const mcu_term_kernel mcu_lora__c = {run_lora_row};
