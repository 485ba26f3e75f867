#include "mcu_transpose.h"

void mcu_transpose_s8(const mcu_transpose *transpose, const int8_t *in, int8_t *out)
{
    const uint16_t *n = transpose->output;
    const uint32_t *s = transpose->stride;
    for (uint32_t a = 0; a < n[0]; a++) {
        for (uint32_t b = 0; b < n[1]; b++) {
            for (uint32_t c = 0; c < n[2]; c++) {
                const int8_t *cell = in + a * s[0] + b * s[1] + c * s[2];
                for (uint32_t d = 0; d < n[3]; d++, cell += s[3]) {
                    *out++ = *cell;
                }
            }
        }
    }
}
