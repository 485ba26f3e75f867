#ifndef MCU_CONV2D_H
#define MCU_CONV2D_H

#include "mcu_linear.h"

typedef struct {
    mcu_window window;
    mcu_linear_shape linear;
} mcu_conv2d;

/*
 * Convolution, NHWC int8, one image. Exact: the bytes of the int8 reference. Reads the window of a block of output
 * pixels before it writes that block, walking forward: the output may overlap the consumed part of the input.
 * scratch: as the generator computes it, 4-byte aligned.
 */
void mcu_conv2d_s8__c(const mcu_conv2d *conv, const mcu_linear *layer, const int8_t *in, int8_t *out, void *scratch);
void mcu_conv2d_s8__dsp(const mcu_conv2d *conv, const mcu_linear *layer, const int8_t *in, int8_t *out, void *scratch);

#endif
