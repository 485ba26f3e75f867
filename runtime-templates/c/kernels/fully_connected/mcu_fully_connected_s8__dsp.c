/* Fully connected with the DSP extension: widens a row, then four outputs at a time. */
#include "mcu_fully_connected.h"
#include "mcu_linear__dsp.h"
#include <string.h>

void mcu_fully_connected_s8__dsp(const mcu_fully_connected *fc, const mcu_linear *layer, const int8_t *in,
                                 int8_t *out, void *scratch)
{
    const unsigned depth = fc->linear.depth;
    const unsigned whole = depth & ~3u;
    int16_t *columns = scratch;
    int16_t *projected = columns + fc->linear.depth_padded;
    for (unsigned row = 0; row < fc->rows; row++) {
        int16_t *tail = mcu_widen__dsp(in, whole, columns, 1);
        if (whole != depth) {
            int8_t rest[4] = {0, 0, 0, 0};
            memcpy(rest, in + whole, depth - whole);
            mcu_widen__dsp(rest, 4, tail, 1);
        }
        mcu_linear_row__dsp(&fc->linear, layer, columns, out, projected);
        in += depth;
        out += fc->linear.outputs;
    }
}
