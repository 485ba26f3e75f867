#ifndef MCU_MAX_POOL2D_H
#define MCU_MAX_POOL2D_H

#include "mcu_linear.h"

typedef struct {
    mcu_window window;
    int8_t activation_min, activation_max;
} mcu_max_pool2d;

/* Maximum pool, NHWC int8. Exact: the bytes of the int8 reference. */
void mcu_max_pool2d_s8(const mcu_max_pool2d *pool, const int8_t *in, int8_t *out);

#endif
