/*
 * Parts of the depthwise convolution with the DSP extension, for the layers without and with an adapter's changes. By
 * channel planes: the plane holds int16, so that two taps of a row are one SMLAD; a row of accumulators at a time.
 *
 * scratch: int16 plane[plane_h * plane_w + 2], int32 sums[output_w rounded up to even], uint32 taps[rows of pairs].
 */
#ifndef MCU_DEPTHWISE__DSP_H
#define MCU_DEPTHWISE__DSP_H

#include "mcu_depthwise_conv2d.h"

/* Where a channel's image, sums and taps lie in the scratch memory. */
typedef struct {
    int16_t *plane;
    int32_t *sums;
    uint32_t *taps;
    int is_3x3; /* whether mcu_depthwise_3x3__dsp runs the layer */
} mcu_depthwise_scratch;

/* Lays out the scratch memory and fills the plane's border. */
void mcu_depthwise_open__dsp(const mcu_depthwise_conv2d *conv, void *scratch, mcu_depthwise_scratch *parts);

/* Copies one channel of the image, whose first value in points to, into the plane. */
void mcu_depthwise_copy_plane__dsp(const mcu_depthwise_conv2d *conv, const int8_t *in, int16_t *plane);

/* One output channel from the plane; out points to its first value. */
void mcu_depthwise_channel__dsp(const mcu_depthwise_conv2d *conv, const mcu_linear *layer,
                                const mcu_depthwise_scratch *scratch, unsigned o, int8_t *out);

/* The same by steps: the taps of an output, then per row the sums and the values. */
void mcu_depthwise_load_taps__dsp(const mcu_depthwise_conv2d *conv, const mcu_linear *layer, unsigned o,
                                  uint32_t *taps);
void mcu_depthwise_sum_row__dsp(const mcu_depthwise_conv2d *conv, const int16_t *x, const uint32_t *taps, int32_t start,
                                int32_t *sums);
void mcu_depthwise_store_row__dsp(const mcu_depthwise_conv2d *conv, const mcu_linear *layer, unsigned o,
                                  const int32_t *sums, int8_t *out);

#endif
