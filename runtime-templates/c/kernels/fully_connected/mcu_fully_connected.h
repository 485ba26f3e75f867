#ifndef MCU_FULLY_CONNECTED_H
#define MCU_FULLY_CONNECTED_H

#include "mcu_linear.h"

typedef struct {
    mcu_linear_shape linear;
    uint16_t rows;
} mcu_fully_connected;

/*
 * Fully connected, int8: out[row][o]. Exact: the bytes of the int8 reference. The output must not overlap the input.
 * scratch: as the generator computes it, 4-byte aligned.
 */
void mcu_fully_connected_s8__c(const mcu_fully_connected *fc, const mcu_linear *layer, const int8_t *in, int8_t *out,
                               void *scratch);
void mcu_fully_connected_s8__dsp(const mcu_fully_connected *fc, const mcu_linear *layer, const int8_t *in,
                                 int8_t *out, void *scratch);

#endif
