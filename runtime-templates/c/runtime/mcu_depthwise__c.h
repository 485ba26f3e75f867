/*
 * Parts of the depthwise convolution in portable C, for the layers without and with an adapter's changes. By channel
 * planes; the plane holds bytes.
 */
#ifndef MCU_DEPTHWISE__C_H
#define MCU_DEPTHWISE__C_H

#include "mcu_depthwise_conv2d.h"

/* Copies one channel of the image, whose first value in points to, into the plane. */
void mcu_depthwise_copy_plane__c(const mcu_depthwise_conv2d *conv, const int8_t *in, int8_t *plane);

/* Products of one window, whose first tap lies at x. */
int32_t mcu_depthwise_window_sum__c(const mcu_depthwise_conv2d *conv, const MCU_FLASH int8_t *w, const int8_t *x);

/* One output channel from the plane; out points to its first value. */
void mcu_depthwise_channel__c(const mcu_depthwise_conv2d *conv, const mcu_linear *layer, const int8_t *plane,
                              unsigned o, int8_t *out);

#endif
