/* Fully connected, portable C. */
#include "mcu_fully_connected.h"
#include "mcu_linear__c.h"

void mcu_fully_connected_s8__c(const mcu_fully_connected *fc, const mcu_linear *layer, const int8_t *in, int8_t *out,
                               void *scratch)
{
    for (unsigned row = 0; row < fc->rows; row++) {
        mcu_linear_row__c(&fc->linear, layer, in, out, scratch);
        in += fc->linear.depth;
        out += fc->linear.outputs;
    }
}
