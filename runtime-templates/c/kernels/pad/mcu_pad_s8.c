#include "mcu_pad.h"
#include <string.h>

void mcu_pad_s8(const mcu_pad *pad, const int8_t *in, int8_t *out)
{
    const uint16_t *from = pad->input;
    const uint16_t *to = pad->output;
    const size_t row = from[3];
    memset(out, pad->fill, (size_t)to[0] * to[1] * to[2] * to[3]);
    for (size_t a = 0; a < from[0]; a++) {
        for (size_t b = 0; b < from[1]; b++) {
            for (size_t c = 0; c < from[2]; c++, in += row) {
                const size_t plane = (a + pad->before[0]) * to[1] + b + pad->before[1];
                memcpy(out + (plane * to[2] + c + pad->before[2]) * to[3] + pad->before[3], in, row);
            }
        }
    }
}
