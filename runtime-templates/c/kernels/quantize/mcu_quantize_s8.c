#include "mcu_quantize.h"

void mcu_quantize_s8(const mcu_quantize *rescale, const int8_t *in, int8_t *out)
{
    const int8_t *table = rescale->table + 128;
    for (uint32_t i = 0; i < rescale->count; i++) {
        out[i] = table[in[i]];
    }
}
