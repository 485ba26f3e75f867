#ifndef MCU_TRANSPOSE_H
#define MCU_TRANSPOSE_H

#include "mcu_runtime.h"

/* Output dimensions and, for each, the distance in the input; smaller ranks have leading dimensions of 1. */
typedef struct {
    uint16_t output[4];
    uint32_t stride[4];
} mcu_transpose;

/* The output must not overlap the input. */
void mcu_transpose_s8(const mcu_transpose *transpose, const int8_t *in, int8_t *out);

#endif
