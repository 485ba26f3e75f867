#ifndef MCU_AVERAGE_POOL2D_H
#define MCU_AVERAGE_POOL2D_H

#include "mcu_linear.h"

typedef struct {
    mcu_window window;
    int8_t activation_min, activation_max;
} mcu_average_pool2d;

/*
 * Average pool, NHWC int8; divides by the elements inside the image, halves away from zero. Exact: the bytes of the
 * int8 reference.
 */
void mcu_average_pool2d_s8(const mcu_average_pool2d *pool, const int8_t *in, int8_t *out);

#endif
