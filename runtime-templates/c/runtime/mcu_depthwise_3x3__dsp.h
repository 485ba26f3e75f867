/* The 3x3 depthwise kernel of the DSP extension. */
#ifndef MCU_DEPTHWISE_3X3__DSP_H
#define MCU_DEPTHWISE_3X3__DSP_H

#include <stdint.h>

/* What the 3x3 kernel needs after its four register arguments. Out pointers of the first row; it advances them. */
typedef struct {
    const int8_t *pairs_end; /* end of what is made in pairs */
    const int8_t *row_end;
    const int8_t *end; /* of all rows */
    uint32_t out_row_bytes;
    uint32_t advance; /* bytes from the end of a walk along a row to the start of the next */
    int32_t start;
    uint32_t twice_multiplier;
    int32_t offset; /* mcu_fast_offset */
    int32_t shift;
    uint32_t step; /* bytes between neighbours in out */
} mcu_depthwise_rows;

/*
 * One channel of a 3x3 window on the fast path with saturation to int8. Along each row first pairs of outputs with
 * stride 1, then single outputs with stride 2 (or one last output with stride 1). taps: per row (w0, w1), then per row
 * (w1, w2). plane is 4-byte aligned, row_bytes a multiple of 4. The struct is passed on the stack.
 */
void mcu_depthwise_3x3__dsp(const int16_t *plane, uint32_t row_bytes, const uint32_t *taps, int8_t *out,
                            mcu_depthwise_rows rows);

/* Taps of a pair. */
#if !defined(__ARM_FEATURE_DSP)

static inline int32_t mcu_low_half(uint32_t v)
{
    return (int16_t)(uint16_t)v;
}

static inline int32_t mcu_high_half(uint32_t v)
{
    return (int16_t)(uint16_t)(v >> 16);
}

#endif

#endif
