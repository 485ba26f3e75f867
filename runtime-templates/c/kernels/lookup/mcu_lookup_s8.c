#include "mcu_lookup.h"

void mcu_lookup_s8(const mcu_lookup *lookup, const int8_t *in, int8_t *out)
{
    const MCU_FLASH int8_t *table = lookup->table + 128;
    for (uint32_t i = 0; i < lookup->count; i++) {
        out[i] = table[in[i]];
    }
}
