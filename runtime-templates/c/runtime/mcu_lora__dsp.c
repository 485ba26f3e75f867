/* Linear layers with one low-rank term on the DSP extension. */
#include "mcu_lora__dsp.h"
#include "mcu_linear_walk__dsp.h"

typedef struct {
    const mcu_lora *lora;
    const int16_t *projected;
} low_rank;

static void add_block(void *terms, unsigned output, unsigned count, int32_t *acc)
{
    const low_rank *term = terms;
    expand_block(term->lora, term->projected, output, count == 2, acc);
}

static void add_row(void *terms, unsigned output, unsigned count, int32_t *acc)
{
    const low_rank *term = terms;
    expand_row(term->lora, term->projected, output, count, acc);
}

static void run_lora_block(const mcu_linear_shape *shape, const mcu_linear *layer, const int16_t *columns,
                           unsigned valid, int8_t *out, int16_t *projected)
{
    low_rank term = {layer->terms->lora, projected};
    project_block(shape, term.lora, columns, projected);
    run_pairs(shape, layer, columns, valid, out, 0, add_block, &term);
}

static void run_lora_row(const mcu_linear_shape *shape, const mcu_linear *layer, const int16_t *columns, int8_t *out,
                         int16_t *projected)
{
    low_rank term = {layer->terms->lora, projected};
    project_row(shape, term.lora, columns, projected);
    run_row(shape, layer, columns, out, add_row, &term);
}

const mcu_term_kernel mcu_lora__dsp = {run_lora_block, run_lora_row};
