/* Convolution, portable C: gathers one patch, then one row of the linear layer. Block: 1 pixel. */
#include "mcu_conv2d.h"
#include "mcu_linear__c.h"
#include "mcu_patch.h"

void mcu_conv2d_s8__c(const mcu_conv2d *conv, const mcu_linear *layer, const int8_t *in, int8_t *out, void *scratch)
{
    int16_t *projected = scratch;
    int8_t *patch = (int8_t *)(projected + (layer->terms != NULL ? layer->terms->rows : 0u));
    for (int oy = 0; oy < (int)conv->window.output_h; oy++) {
        for (int ox = 0; ox < (int)conv->window.output_w; ox++) {
            mcu_gather_patch(&conv->window, conv->linear.input_zero_point, in, oy, ox, patch);
            mcu_linear_row__c(&conv->linear, layer, patch, out, projected);
            out += conv->linear.outputs;
        }
    }
}
