/*
 * Linear layer, one row, portable C. Weights are [outputs][depth_padded] with depth_padded == depth.
 * Exact: the bytes of the int8 reference.
 */
#include "mcu_linear_walk__c.h"

void mcu_linear_row__c(const mcu_linear_shape *shape, const mcu_linear *layer, const int8_t *x, int8_t *out,
                       int16_t *projected)
{
    if (layer->terms != NULL) {
        layer->terms->kernel->row(shape, layer, x, out, projected);
        return;
    }
    run_row(shape, layer, x, out, NULL, NULL);
}
