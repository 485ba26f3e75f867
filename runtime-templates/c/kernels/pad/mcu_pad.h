#ifndef MCU_PAD_H
#define MCU_PAD_H

#include "mcu_runtime.h"

/* Constant padding of a four-dimensional tensor; smaller ranks have leading dimensions of 1. */
typedef struct {
    uint16_t input[4];
    uint16_t before[4];
    uint16_t output[4];
    int8_t fill;
} mcu_pad;

/* The output must not overlap the input. Exact: the bytes of the int8 reference. */
void mcu_pad_s8(const mcu_pad *pad, const int8_t *in, int8_t *out);

#endif
