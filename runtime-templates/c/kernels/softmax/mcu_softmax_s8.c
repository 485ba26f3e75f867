/* Fixed-point softmax: exp by a polynomial and a barrel shifter, 1/x by Newton's method (Q formats as noted). */
#include "mcu_softmax.h"
#include "mcu_numerics.h"

static int32_t shift_left_saturated(int32_t x, int exponent)
{
    const int64_t y = (int64_t)x * ((int64_t)1 << exponent);
    return y > INT32_MAX ? INT32_MAX : (y < INT32_MIN ? INT32_MIN : (int32_t)y);
}

/* exp(a), Q0.31, for -1/4 <= a < 0 in Q0.31. */
static int32_t exp_quarter(int32_t a)
{
    const int32_t exp_of_minus_one_eighth = 1895147668;
    const int32_t one_third = 715827883;
    const int32_t x = a + ((int32_t)1 << 28);
    const int32_t x2 = mcu_doubling_high_mul(x, x);
    const int32_t x3 = mcu_doubling_high_mul(x2, x);
    const int32_t x4_over_4 = mcu_rounding_divide_pot(mcu_doubling_high_mul(x2, x2), 2);
    const int32_t series = mcu_rounding_divide_pot(mcu_doubling_high_mul(x4_over_4 + x3, one_third) + x2, 1);
    return exp_of_minus_one_eighth + mcu_doubling_high_mul(exp_of_minus_one_eighth, x + series);
}

/* exp(a), Q0.31, for a <= 0 in Q5.26. */
static int32_t exp_negative(int32_t a)
{
    static const int32_t factors[7] = {1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242};
    const int32_t quarter = (int32_t)1 << 24;
    if (a == 0) {
        return INT32_MAX;
    }
    const int32_t modulo = (a & (quarter - 1)) - quarter;
    const int32_t remainder = modulo - a;
    int32_t result = exp_quarter(shift_left_saturated(modulo, 5));
    for (int k = 0; k < 7; k++) {
        if (remainder & (quarter << k)) {
            result = mcu_doubling_high_mul(result, factors[k]);
        }
    }
    return result;
}

/* 1 / (1 + a), Q0.31, for 0 <= a < 1 in Q0.31. */
static int32_t reciprocal(int32_t a)
{
    const int32_t half_denominator = (int32_t)(((int64_t)a + INT32_MAX + 1) / 2);
    int32_t x = 1515870810 + mcu_doubling_high_mul(half_denominator, -1010580540);
    for (int i = 0; i < 3; i++) {
        const int32_t one_minus = ((int32_t)1 << 29) - mcu_doubling_high_mul(half_denominator, x);
        x += shift_left_saturated(mcu_doubling_high_mul(x, one_minus), 2);
    }
    return shift_left_saturated(x, 1);
}

/* exp of an input below the row's maximum. */
static int32_t exp_difference(const mcu_softmax *softmax, int32_t difference)
{
    if (softmax->exponential != NULL) {
        return softmax->exponential[-difference];
    }
    if (difference < softmax->difference_min) {
        return 0;
    }
    const int32_t scaled = (int32_t)((uint32_t)difference << softmax->left_shift);
    return exp_negative(mcu_doubling_high_mul(scaled, softmax->multiplier));
}

static int leading_zeros(uint32_t x)
{
    int count = 0;
    while (!(x & 0x80000000u)) {
        x <<= 1;
        count++;
    }
    return count;
}

static void softmax_row(const mcu_softmax *softmax, const int8_t *in, int8_t *out)
{
    const size_t step = softmax->inner;
    const int8_t *const end = in + softmax->depth * step;
    int32_t max = -128;
    int32_t sum = 0;
    for (const int8_t *x = in; x != end; x += step) {
        max = *x > max ? *x : max;
    }
    for (const int8_t *x = in; x != end; x += step) {
        sum += mcu_rounding_divide_pot(exp_difference(softmax, *x - max), 12);
    }
    const int headroom = leading_zeros((uint32_t)sum);
    const int32_t scale = reciprocal((int32_t)(((uint32_t)sum << headroom) - 0x80000000u));
    const int exponent = 12 - headroom + 31 - softmax->output_bits;
    for (; in != end; in += step, out += step) {
        const int32_t product = mcu_doubling_high_mul(scale, exp_difference(softmax, *in - max));
        /* More than 31 bits take any product to zero. */
        const int32_t y = exponent > 31 ? 0 : mcu_rounding_divide_pot(product, exponent);
        *out = (int8_t)mcu_clamp(y - 128, -128, 127);
    }
}

void mcu_softmax_s8(const mcu_softmax *softmax, const int8_t *in, int8_t *out)
{
    const size_t block = (size_t)softmax->depth * softmax->inner;
    for (unsigned o = 0; o < softmax->outer; o++, in += block, out += block) {
        for (unsigned i = 0; i < softmax->inner; i++) {
            softmax_row(softmax, in + i, out + i);
        }
    }
}
