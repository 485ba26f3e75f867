#ifndef MCU_DEPTHWISE_CONV2D_H
#define MCU_DEPTHWISE_CONV2D_H

#include "mcu_linear.h"

typedef struct {
    mcu_window window;
    mcu_linear_shape linear; /* depth: kernel_h * kernel_w */
    uint16_t multiplier;
    uint16_t plane_h, plane_w; /* padded image of one channel, in elements */
} mcu_depthwise_conv2d;

/*
 * Depthwise convolution, NHWC int8, one image; weights [outputs][kernel_h * kernel_w]. Exact: the bytes of the int8
 * reference. Copies a channel's padded plane to scratch before it writes that channel: with multiplier 1 the output
 * may start exactly where the input starts.
 */
void mcu_depthwise_conv2d_s8__c(const mcu_depthwise_conv2d *conv, const mcu_linear *layer, const int8_t *in,
                                int8_t *out, void *scratch);
void mcu_depthwise_conv2d_s8__dsp(const mcu_depthwise_conv2d *conv, const mcu_linear *layer, const int8_t *in,
                                  int8_t *out, void *scratch);

/* The same for layers whose weights an adapter may change. */
void mcu_depthwise_conv2d_s8_sparse__c(const mcu_depthwise_conv2d *conv, const mcu_linear *layer, const int8_t *in,
                                       int8_t *out, void *scratch);
void mcu_depthwise_conv2d_s8_sparse__dsp(const mcu_depthwise_conv2d *conv, const mcu_linear *layer, const int8_t *in,
                                         int8_t *out, void *scratch);

#endif
