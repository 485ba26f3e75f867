#ifndef MCU_LOOKUP_H
#define MCU_LOOKUP_H

#include "mcu_runtime.h"

typedef struct {
    uint32_t count;
    const MCU_FLASH int8_t *table; /* 256 results, index input + 128 */
} mcu_lookup;

/* Any function of one int8 value, by table; the output may start where the input starts. Exact. */
void mcu_lookup_s8(const mcu_lookup *lookup, const int8_t *in, int8_t *out);

#endif
