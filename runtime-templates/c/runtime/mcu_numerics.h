/*
 * Rounding and saturation: the one place on the device side. Semantics of TensorFlow Lite's two-rounding
 * requantisation; see "Numerics" in the project's design.
 */
#ifndef MCU_NUMERICS_H
#define MCU_NUMERICS_H

#include <stdint.h>

/* (2*a*b + 2^31) >> 32, saturated for the one pair that overflows. */
static inline int32_t mcu_doubling_high_mul(int32_t a, int32_t b)
{
    if (a == INT32_MIN && b == INT32_MIN) {
        return INT32_MAX;
    }
    return (int32_t)(((int64_t)a * b + ((int64_t)1 << 30)) >> 31);
}

/* x / 2^exponent, halves away from zero; exponent 0..31. */
static inline int32_t mcu_rounding_divide_pot(int32_t x, int exponent)
{
    const int32_t mask = (int32_t)(((uint32_t)1 << exponent) - 1u);
    const int32_t remainder = x & mask;
    const int32_t threshold = (mask >> 1) + (x < 0 ? 1 : 0);
    return (x >> exponent) + (remainder > threshold ? 1 : 0);
}

/* x * multiplier * 2^(-31-shift); shift is to the right, negative shifts go left before the product. */
static inline int32_t mcu_requantize(int32_t x, int32_t multiplier, int shift)
{
    const int left = shift < 0 ? -shift : 0;
    const int right = shift > 0 ? shift : 0;
    const int32_t shifted = (int32_t)((uint32_t)x << left);
    return mcu_rounding_divide_pot(mcu_doubling_high_mul(shifted, multiplier), right);
}

/* Constant that carries rounding and zero point through one shift: see mcu_requantize_fast. */
static inline int32_t mcu_fast_offset(int shift, int32_t zero_point)
{
    return (int32_t)((uint32_t)zero_point << shift) + ((int32_t)1 << (shift - 1));
}

/* As mcu_doubling_high_mul for |a| < 2^30: one SMMULR of 2a. */
static inline int32_t mcu_doubling_high_mul_fast(int32_t a, int32_t b)
{
#if defined(__ARM_FEATURE_DSP)
    int32_t v;
    __asm__("smmulr %0, %1, %2" : "=r"(v) : "r"(a * 2), "r"(b));
    return v;
#else
    return (int32_t)(((int64_t)a * b + ((int64_t)1 << 30)) >> 31);
#endif
}

/*
 * As mcu_requantize(x, multiplier, shift) + zero_point, for shift 1..22 and |x| < 2^30 (the generator proves both): the
 * zero point rides on the rounding constant.
 */
static inline int32_t mcu_requantize_fast(int32_t x, int32_t multiplier, int shift, int32_t offset)
{
    int32_t v = mcu_doubling_high_mul_fast(x, multiplier);
    v += v >> 31;
    return (v + offset) >> shift;
}

/* (x + half) >> shift, for |x| < 2^30 and shift 0..31. */
static inline int32_t mcu_shift_rounded(int32_t x, int shift)
{
    return (x + (int32_t)(((uint32_t)1 << shift) >> 1)) >> shift;
}

/* min(max(x, low), high) */
static inline int32_t mcu_clamp(int32_t x, int32_t low, int32_t high)
{
    return x < low ? low : (x > high ? high : x);
}

/* Saturates to int8. */
static inline int32_t mcu_saturate8(int32_t x)
{
#if defined(__ARM_FEATURE_SAT) || defined(__ARM_FEATURE_DSP)
    int32_t v;
    __asm__("ssat %0, #8, %1" : "=r"(v) : "r"(x));
    return v;
#else
    return mcu_clamp(x, -128, 127);
#endif
}

#endif
