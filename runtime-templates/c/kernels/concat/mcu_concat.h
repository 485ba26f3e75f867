#ifndef MCU_CONCAT_H
#define MCU_CONCAT_H

#include "mcu_runtime.h"

/* Per input: bytes of a run, whether they are copied, else how they come to the output's scale. */
typedef struct {
    uint32_t inputs;
    uint32_t outer; /* runs of each input */
    const MCU_FLASH int32_t *run;
    const MCU_FLASH int32_t *multiplier;
    const MCU_FLASH int8_t *shift;
    const MCU_FLASH uint8_t *moves;
    const MCU_FLASH int8_t *zero_point; /* of the inputs, then of the output */
} mcu_concat;

/* Inputs one after the other along an axis; the output must not overlap one of them. Exact. */
void mcu_concat_s8(const mcu_concat *concat, const int8_t *const *in, int8_t *out);

#endif
