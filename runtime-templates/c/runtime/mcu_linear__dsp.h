/*
 * Linear layers on Armv7E-M and Armv8-M with the DSP extension.
 *
 * Columns are int16 in groups of four inputs, each group in the order 0, 2, 1, 3 in which SXTB16 yields them, and
 * interleaved by pixel: [depth_padded / 4][pixels][4].
 * Weights are packed in pairs of rows: [outputs / 2][depth_padded / 4][2][4] bytes; rows are padded with zeros to a
 * multiple of four, and the number of rows to an even one.
 */
#ifndef MCU_LINEAR__DSP_H
#define MCU_LINEAR__DSP_H

#include "mcu_linear.h"

#define MCU_DSP_PIXELS 3 /* pixels of a convolution block */

/* Widens count bytes (a multiple of 4) into the columns of one pixel; returns the position after them. */
int16_t *mcu_widen__dsp(const int8_t *bytes, unsigned count, int16_t *column, unsigned pixels);

/* Runs a layer that has terms, as the functions below. */
struct mcu_term_kernel {
    void (*block)(const mcu_linear_shape *shape, const mcu_linear *layer, const int16_t *columns, unsigned valid,
                  int8_t *out, int16_t *projected);
    void (*row)(const mcu_linear_shape *shape, const mcu_linear *layer, const int16_t *columns, int8_t *out,
                int16_t *projected);
};

/*
 * Runs the layer on a block of 3 pixels, of which the first `valid` are stored at out[pixel * outputs + o].
 * projected: 3 int16 for each row of the terms.
 */
void mcu_linear_block__dsp(const mcu_linear_shape *shape, const mcu_linear *layer, const int16_t *columns,
                           unsigned valid, int8_t *out, int16_t *projected);

/* The same for one pixel, four outputs at a time; columns with pixels == 1. */
void mcu_linear_row__dsp(const mcu_linear_shape *shape, const mcu_linear *layer, const int16_t *columns, int8_t *out,
                         int16_t *projected);

#endif
