/* One row of a linear layer in portable C: x holds depth bytes, out gets one byte per output. */
#ifndef MCU_LINEAR__C_H
#define MCU_LINEAR__C_H

#include "mcu_linear.h"

/* Runs a layer that has terms, as the function below. */
struct mcu_term_kernel {
    void (*row)(const mcu_linear_shape *shape, const mcu_linear *layer, const int8_t *x, int8_t *out,
                int16_t *projected);
};

/* Values of u that the scratch of mcu_linear_row__c holds: one per rank of each low-rank term. */
void mcu_linear_row__c(const mcu_linear_shape *shape, const mcu_linear *layer, const int8_t *x, int8_t *out,
                       int16_t *projected);

#endif
