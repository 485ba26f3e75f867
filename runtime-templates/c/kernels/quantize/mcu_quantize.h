#ifndef MCU_QUANTIZE_H
#define MCU_QUANTIZE_H

#include "mcu_runtime.h"

typedef struct {
    uint32_t count;
    const int8_t *table; /* 256 results, index input + 128 */
} mcu_quantize;

/* Int8 to int8 with another scale, by table; the output may start where the input starts. Exact. */
void mcu_quantize_s8(const mcu_quantize *rescale, const int8_t *in, int8_t *out);

#endif
