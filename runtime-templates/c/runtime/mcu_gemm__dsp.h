/* Integer matrix kernels for the DSP extension; columns and weights as in mcu_linear__dsp.h. */
#ifndef MCU_GEMM__DSP_H
#define MCU_GEMM__DSP_H

#include <stdint.h>

/* acc[pixel * 2 + row] += columns * weights, for 3 pixels and one pair of rows. */
void mcu_gemm_3x2__dsp(const int16_t *columns, const int8_t *weights, const int8_t *weights_end, int32_t *acc);

/* acc[row] += column * weights, for 1 pixel and two pairs of rows. */
void mcu_gemm_1x4__dsp(const int16_t *column, const int8_t *pair0, const int8_t *pair0_end, int32_t *acc,
                       const int8_t *pair1);

/* What the block kernel needs after its four register arguments; it walks the three pointers. */
typedef struct {
    const int8_t *weights_end; /* of the current pair */
    const int32_t *bias_end;
    const int32_t *bias;
    const int32_t *multiplier;
    const int8_t *shift;
    uint32_t twice_zero_point_plus_1;
    uint32_t stride; /* bytes from a pixel's outputs to the next pixel's */
} mcu_gemm_arguments;

/*
 * The layer on a block of 3 pixels for all pairs of rows up to bias_end, with requantisation on the fast path and
 * saturation to int8. pair_bytes: of one pair of packed rows. The struct is passed on the stack.
 */
void mcu_gemm_block__dsp(const int16_t *columns, uint32_t pair_bytes, const int8_t *weights, int8_t *out,
                         mcu_gemm_arguments arguments);

#endif
