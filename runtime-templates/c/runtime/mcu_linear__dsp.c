/*
 * Matrix kernels for the DSP extension; the inner loops are assembly, so that their instruction count does not depend
 * on a compiler. Exact: the bytes of the int8 reference.
 */
#include "mcu_linear__dsp.h"
#include "mcu_numerics.h"
#include <string.h>

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
} gemm_block;

/*
 * The layer on a block of 3 pixels for all pairs of rows up to bias_end, with requantisation on the fast path and
 * saturation to int8. pair_bytes: of one pair of packed rows. The struct is passed on the stack.
 */
void mcu_gemm_block__dsp(const int16_t *columns, uint32_t pair_bytes, const int8_t *weights, int8_t *out,
                         gemm_block block);

/* 24 multiply-accumulates in 20 instructions: r10, r12 and r11, lr hold the lanes of the two rows' weights. */
#define GEMM_3X2_STEP                                                                                                \
    "ldrd r10, r11, [r1], #8\n"                                                                                      \
    "ldrd r2, r3, [r0], #8\n"                                                                                        \
    "sxtb16 r12, r10, ror #8\n"                                                                                      \
    "sxtb16 r10, r10\n"                                                                                              \
    "sxtb16 lr, r11, ror #8\n"                                                                                       \
    "sxtb16 r11, r11\n"                                                                                              \
    "smlad r4, r10, r2, r4\n"                                                                                        \
    "smlad r5, r11, r2, r5\n"                                                                                        \
    "smlad r4, r12, r3, r4\n"                                                                                        \
    "smlad r5, lr, r3, r5\n"                                                                                         \
    "ldrd r2, r3, [r0], #8\n"                                                                                        \
    "smlad r6, r10, r2, r6\n"                                                                                        \
    "smlad r7, r11, r2, r7\n"                                                                                        \
    "smlad r6, r12, r3, r6\n"                                                                                        \
    "smlad r7, lr, r3, r7\n"                                                                                         \
    "ldrd r2, r3, [r0], #8\n"                                                                                        \
    "smlad r8, r10, r2, r8\n"                                                                                        \
    "smlad r9, r11, r2, r9\n"                                                                                        \
    "smlad r8, r12, r3, r8\n"                                                                                        \
    "smlad r9, lr, r3, r9\n"

/* One row of 1x4: widens the row's weights and accumulates. */
#define GEMM_1X4_ROW(acc, weights)                                                                                   \
    "sxtb16 r12, " weights ", ror #8\n"                                                                              \
    "sxtb16 " weights ", " weights "\n"                                                                              \
    "smlad " acc ", " weights ", r2, " acc "\n"                                                                      \
    "smlad " acc ", r12, r3, " acc "\n"

#define GEMM_1X4_STEP                                                                                                \
    "ldrd r8, r9, [r1], #8\n"                                                                                        \
    "ldrd r10, r11, [lr], #8\n"                                                                                      \
    "ldrd r2, r3, [r0], #8\n"                                                                                        \
    GEMM_1X4_ROW("r4", "r8")                                                                                         \
    GEMM_1X4_ROW("r5", "r9")                                                                                         \
    GEMM_1X4_ROW("r6", "r10")                                                                                        \
    GEMM_1X4_ROW("r7", "r11")

/* Enters the loop that is unrolled by four at the step that leaves a multiple of four. */
#define UNROLLED_BY_4(step)                                                                                          \
    "sub r12, r2, r1\n"                                                                                              \
    "ubfx r12, r12, #3, #2\n"                                                                                        \
    "cmp r12, #2\n"                                                                                                  \
    "bhi 1f\n"                                                                                                       \
    "beq 2f\n"                                                                                                       \
    "cmp r12, #0\n"                                                                                                  \
    "bne 3f\n"                                                                                                       \
    "0:\n" step "1:\n" step "2:\n" step "3:\n" step                                                                  \
    "ldr r2, [sp]\n"                                                                                                 \
    "cmp r1, r2\n"                                                                                                   \
    "bne 0b\n"

#define FUNCTION(name, body)                                                                                         \
    __asm__(".syntax unified\n"                                                                                      \
            ".thumb\n"                                                                                               \
            ".section .text." name ",\"ax\",%progbits\n"                                                             \
            ".balign 4\n"                                                                                            \
            ".global " name "\n"                                                                                     \
            ".type " name ", %function\n"                                                                            \
            ".thumb_func\n" name ":\n" body ".size " name ", . - " name "\n"                                         \
            ".text\n")

FUNCTION("mcu_gemm_3x2__dsp",
         "push {r2-r11, lr}\n"
         "ldm r3, {r4-r9}\n" UNROLLED_BY_4(GEMM_3X2_STEP)
         "ldr r3, [sp, #4]\n"
         "stm r3, {r4-r9}\n"
         "pop {r2-r11, pc}\n");

/*
 * Requantises the row in a, b and c (one per pixel) and stores it at r0; r2: 2 * zero point + 1, r3: stride. The
 * multiplier is at least 2^30, so that twice of it is 2^32 less as a signed number: SMMLAR adds what is missing.
 */
#define STORE_3(a, b, c, multiplier, shift)                                                                          \
    "lsl " multiplier ", " multiplier ", #1\n"                                                                       \
    "smmlar " a ", " a ", " multiplier ", " a "\n"                                                                   \
    "smmlar " b ", " b ", " multiplier ", " b "\n"                                                                   \
    "smmlar " c ", " c ", " multiplier ", " c "\n"                                                                   \
    "lsl " multiplier ", r2, " shift "\n"                                                                            \
    SCALE_1(a, multiplier, shift) "strb " a ", [r0]\n"                                                               \
    SCALE_1(b, multiplier, shift) "strb " b ", [r0, r3]\n"                                                           \
    SCALE_1(c, multiplier, shift) "strb " c ", [r0, r3, lsl #1]\n"                                                   \
    "add r0, r0, #1\n"

#define SCALE_1(v, twice_offset, shift)                                                                              \
    "add " v ", " v ", " v ", asr #31\n"                                                                             \
    "add " v ", " v ", " twice_offset ", asr #1\n"                                                                   \
    "asr " v ", " v ", " shift "\n"                                                                                  \
    "ssat " v ", #8, " v "\n"

/*
 * Stack: [0] columns, [4] pair_bytes, [8] entry into the loop, [12] out, then r4-r11, lr; [52] the struct. A step has
 * 80 bytes: the entry skips the steps that are missing to a multiple of four.
 */
FUNCTION("mcu_gemm_block__dsp",
         "push {r0-r11, lr}\n"
         "ubfx r12, r1, #3, #2\n"
         "rsb r12, r12, #0\n"
         "and r12, r12, #3\n"
         "mov lr, #80\n"
         "mul r12, r12, lr\n"
         "adr lr, 0f\n"
         "add r12, r12, lr\n"
         "orr r12, r12, #1\n"
         "str r12, [sp, #8]\n"
         "mov r1, r2\n"
         "ldr r3, [sp, #60]\n"
         "9:\n"
         "ldrd r4, r5, [r3], #8\n"
         "str r3, [sp, #60]\n"
         "ldrd r0, r2, [sp]\n"
         "add r2, r1, r2\n"
         "str r2, [sp, #52]\n"
         "mov r6, r4\n"
         "mov r7, r5\n"
         "mov r8, r4\n"
         "mov r9, r5\n"
         "ldr pc, [sp, #8]\n"
         ".balign 4\n"
         "0:\n" GEMM_3X2_STEP GEMM_3X2_STEP GEMM_3X2_STEP GEMM_3X2_STEP
         "ldr r2, [sp, #52]\n"
         "cmp r1, r2\n"
         "bne 0b\n"
         "ldrd r0, r2, [sp, #64]\n"
         "ldrd r10, r11, [r0], #8\n"
         "ldrsb r12, [r2], #1\n"
         "ldrsb lr, [r2], #1\n"
         "strd r0, r2, [sp, #64]\n"
         "ldrd r2, r3, [sp, #72]\n"
         "ldr r0, [sp, #12]\n" STORE_3("r4", "r6", "r8", "r10", "r12") STORE_3("r5", "r7", "r9", "r11", "lr")
         "str r0, [sp, #12]\n"
         "ldrd r2, r3, [sp, #56]\n"
         "cmp r3, r2\n"
         "bne 9b\n"
         "add sp, sp, #16\n"
         "pop {r4-r11, pc}\n");

FUNCTION("mcu_gemm_1x4__dsp",
         "push {r2-r11, lr}\n"
         "ldr lr, [sp, #44]\n"
         "ldm r3, {r4-r7}\n" UNROLLED_BY_4(GEMM_1X4_STEP)
         "ldr r3, [sp, #4]\n"
         "stm r3, {r4-r7}\n"
         "pop {r2-r11, pc}\n");

static inline uint32_t widen_even(uint32_t v)
{
    uint32_t r;
    __asm__("sxtb16 %0, %1" : "=r"(r) : "r"(v));
    return r;
}

static inline uint32_t widen_odd(uint32_t v)
{
    uint32_t r;
    __asm__("sxtb16 %0, %1, ror #8" : "=r"(r) : "r"(v));
    return r;
}

int16_t *mcu_widen__dsp(const int8_t *bytes, unsigned count, int16_t *column, unsigned pixels)
{
    uint32_t *write = (uint32_t *)(void *)column;
    const unsigned stride = pixels * 2u;
    const int8_t *end = bytes + count;
    while (bytes != end) {
        uint32_t v;
        memcpy(&v, bytes, sizeof v);
        bytes += sizeof v;
        write[0] = widen_even(v);
        write[1] = widen_odd(v);
        write += stride;
    }
    return (int16_t *)(void *)write;
}

/* Position of input k of a pixel in the columns. */
static unsigned column_index(unsigned k, unsigned pixel, unsigned pixels)
{
    const unsigned lane = ((k & 1u) << 1) | ((k >> 1) & 1u);
    return ((k >> 2) * pixels + pixel) * 4u + lane;
}

static int16_t project_one(const mcu_lora *lora, int32_t acc, unsigned r)
{
    const int32_t u = mcu_requantize(acc, lora->a_multiplier[r], lora->a_shift[r]);
    return (int16_t)mcu_clamp(u, INT16_MIN, INT16_MAX);
}

/* Columns of u for the block's pixels: [rank_padded / 4][3][4], as the columns of an input. */
static void project_block(const mcu_linear_shape *shape, const mcu_lora *lora, const int16_t *columns,
                          int16_t *projected)
{
    const int8_t *a = lora->a;
    for (unsigned r = 0; r < lora->rank; r += 2) {
        int32_t acc[6];
        const int8_t *end = a + 2u * shape->depth_padded;
        for (unsigned i = 0; i < 6; i++) {
            acc[i] = lora->a_bias[r + (i & 1u)];
        }
        mcu_gemm_3x2__dsp(columns, a, end, acc);
        for (unsigned i = 0; i < 6; i++) {
            const unsigned row = r + (i & 1u);
            if (row < lora->rank) {
                projected[column_index(row, i >> 1, MCU_DSP_PIXELS)] = project_one(lora, acc[i], row);
            }
        }
        a = end;
    }
}

static void project_row(const mcu_linear_shape *shape, const mcu_lora *lora, const int16_t *column,
                        int16_t *projected)
{
    const int8_t *a = lora->a;
    for (unsigned r = 0; r < lora->rank; r += 2) {
        int32_t acc[4] = {lora->a_bias[r], lora->a_bias[r + 1u], 0, 0};
        const int8_t *end = a + 2u * shape->depth_padded;
        mcu_gemm_1x4__dsp(column, a, end, acc, a);
        projected[column_index(r, 0, 1)] = project_one(lora, acc[0], r);
        if (r + 1u < lora->rank) {
            projected[column_index(r + 1u, 0, 1)] = project_one(lora, acc[1], r + 1u);
        }
        a = end;
    }
}

/* (sum + half) >> shift; the generator proves |sum| < 2^30. */
static inline int32_t shift_rounded(int32_t sum, int shift)
{
    return (sum + (int32_t)((1u << shift) >> 1)) >> shift;
}

/* Adds B*u of one pair of outputs: B is packed as a weight matrix whose inputs are the ranks. */
static void expand_block(const mcu_lora *lora, const int16_t *projected, unsigned output, int second, int32_t *acc)
{
    const int8_t *b = lora->b + (size_t)output * lora->rank_padded;
    const int shift0 = lora->b_shift[output];
    const int shift1 = second ? lora->b_shift[output + 1u] : 0;
    int32_t sum[6] = {0, 0, 0, 0, 0, 0};
    mcu_gemm_3x2__dsp(projected, b, b + 2u * lora->rank_padded, sum);
    for (unsigned i = 0; i < 6; i += 2) {
        acc[i] += shift_rounded(sum[i], shift0);
        acc[i + 1u] += shift_rounded(sum[i + 1u], shift1);
    }
}

/* The same for up to two pairs of outputs of one pixel. */
static void expand_row(const mcu_lora *lora, const int16_t *projected, unsigned output, unsigned count, int32_t *acc)
{
    const size_t pair_bytes = 2u * (size_t)lora->rank_padded;
    const int8_t *b = lora->b + (size_t)output * lora->rank_padded;
    int32_t sum[4] = {0, 0, 0, 0};
    mcu_gemm_1x4__dsp(projected, b, b + pair_bytes, sum, count > 2u ? b + pair_bytes : b);
    for (unsigned i = 0; i < count; i++) {
        acc[i] += shift_rounded(sum[i], lora->b_shift[output + i]);
    }
}

static int32_t correct(const mcu_sparse *sparse, const int16_t *columns, unsigned output, unsigned pixel,
                       unsigned pixels)
{
    int32_t sum = 0;
    for (unsigned i = sparse->row_start[output]; i < sparse->row_start[output + 1u]; i++) {
        sum += sparse->difference[i] * columns[column_index(sparse->column[i], pixel, pixels)];
    }
    return sum;
}

/* Adds what an adapter changes to the accumulators of one pair of outputs of the block's pixels. */
static void adapt_block(const mcu_linear *layer, const int16_t *columns, const int16_t *projected, unsigned output,
                        int second, int32_t *acc)
{
    if (layer->lora != NULL) {
        expand_block(layer->lora, projected, output, second, acc);
    }
    if (layer->sparse != NULL) {
        for (unsigned p = 0; p < MCU_DSP_PIXELS; p++) {
            acc[2u * p] += correct(layer->sparse, columns, output, p, MCU_DSP_PIXELS);
            if (second) {
                acc[2u * p + 1u] += correct(layer->sparse, columns, output + 1u, p, MCU_DSP_PIXELS);
            }
        }
    }
}

static void adapt_row(const mcu_linear *layer, const int16_t *columns, const int16_t *projected, unsigned output,
                      unsigned count, int32_t *acc)
{
    if (layer->lora != NULL) {
        expand_row(layer->lora, projected, output, count, acc);
    }
    if (layer->sparse != NULL) {
        for (unsigned i = 0; i < count; i++) {
            acc[i] += correct(layer->sparse, columns, output + i, 0, 1);
        }
    }
}

static int8_t finish_general(const mcu_linear_shape *shape, const mcu_linear *layer, int32_t acc, unsigned output)
{
    const int32_t y = mcu_requantize(acc, layer->multiplier[output], layer->shift[output]) + shape->output_zero_point;
    return (int8_t)mcu_clamp(y, shape->activation_min, shape->activation_max);
}

/* Stores one output row of the valid pixels; acc is strided by 2. */
static void store_pixels(const mcu_linear_shape *shape, const mcu_linear *layer, const int32_t *acc, unsigned output,
                         unsigned valid, int8_t *out)
{
    const unsigned stride = shape->outputs;
    out += output;
    if (shape->fast) {
        const int32_t multiplier = layer->multiplier[output];
        const int shift = layer->shift[output];
        const int32_t offset = mcu_fast_offset(shift, shape->output_zero_point);
        for (unsigned p = 0; p < valid; p++) {
            const int32_t y = mcu_requantize_fast(acc[2u * p], multiplier, shift, offset);
            out[p * stride] = (int8_t)mcu_clamp(y, shape->activation_min, shape->activation_max);
        }
        return;
    }
    for (unsigned p = 0; p < valid; p++) {
        out[p * stride] = finish_general(shape, layer, acc[2u * p], output);
    }
}

/* Whether requantisation is the fast one and the activation no more than saturation. */
static int is_fast_and_full(const mcu_linear_shape *shape)
{
    return shape->fast && shape->activation_min == -128 && shape->activation_max == 127;
}

/* Outputs that the block kernel makes: pairs of a whole block, without an adapter's terms. */
static unsigned run_block(const mcu_linear_shape *shape, const mcu_linear *layer, const int16_t *columns, int8_t *out)
{
    const unsigned count = shape->outputs & ~1u;
    const gemm_block block = {
        .bias_end = layer->bias + count,
        .bias = layer->bias,
        .multiplier = layer->multiplier,
        .shift = layer->shift,
        .twice_zero_point_plus_1 = (uint32_t)(2 * shape->output_zero_point + 1),
        .stride = shape->outputs,
    };
    if (count != 0) {
        mcu_gemm_block__dsp(columns, 2u * (uint32_t)shape->depth_padded, layer->weights, out, block);
    }
    return count;
}

void mcu_linear_block__dsp(const mcu_linear_shape *shape, const mcu_linear *layer, const int16_t *columns,
                           unsigned valid, int8_t *out, int16_t *projected)
{
    const int adapted = layer->lora != NULL || layer->sparse != NULL;
    unsigned o = 0;
    if (layer->lora != NULL) {
        project_block(shape, layer->lora, columns, projected);
    }
    if (!adapted && valid == MCU_DSP_PIXELS && is_fast_and_full(shape)) {
        o = run_block(shape, layer, columns, out);
    }
    const int8_t *weights = layer->weights + (size_t)o * shape->depth_padded;
    for (; o < shape->outputs; o += 2) {
        const int32_t b0 = layer->bias[o];
        const int32_t b1 = layer->bias[o + 1u];
        int32_t acc[6] = {b0, b1, b0, b1, b0, b1};
        const int second = o + 1u < shape->outputs;
        if (adapted) {
            adapt_block(layer, columns, projected, o, second, acc);
        }
        const int8_t *end = weights + 2u * (size_t)shape->depth_padded;
        mcu_gemm_3x2__dsp(columns, weights, end, acc);
        weights = end;
        store_pixels(shape, layer, acc, o, valid, out);
        if (second) {
            store_pixels(shape, layer, acc + 1, o + 1u, valid, out);
        }
    }
}

static int8_t finish(const mcu_linear_shape *shape, const mcu_linear *layer, int32_t acc, unsigned output)
{
    if (shape->fast) {
        const int shift = layer->shift[output];
        const int32_t offset = mcu_fast_offset(shift, shape->output_zero_point);
        const int32_t y = mcu_requantize_fast(acc, layer->multiplier[output], shift, offset);
        return (int8_t)mcu_clamp(y, shape->activation_min, shape->activation_max);
    }
    return finish_general(shape, layer, acc, output);
}

void mcu_linear_row__dsp(const mcu_linear_shape *shape, const mcu_linear *layer, const int16_t *columns, int8_t *out,
                         int16_t *projected)
{
    const int adapted = layer->lora != NULL || layer->sparse != NULL;
    const size_t pair_bytes = 2u * (size_t)shape->depth_padded;
    const int8_t *weights = layer->weights;
    if (layer->lora != NULL) {
        project_row(shape, layer->lora, columns, projected);
    }
    for (unsigned o = 0; o < shape->outputs; o += 4) {
        const unsigned count = shape->outputs - o < 4u ? shape->outputs - o : 4u;
        int32_t acc[4] = {0, 0, 0, 0};
        for (unsigned i = 0; i < count; i++) {
            acc[i] = layer->bias[o + i];
        }
        if (adapted) {
            adapt_row(layer, columns, projected, o, count, acc);
        }
        /* A last single pair runs twice; its second result is not stored. */
        mcu_gemm_1x4__dsp(columns, weights, weights + pair_bytes, acc, count > 2u ? weights + pair_bytes : weights);
        weights += 2u * pair_bytes;
        for (unsigned i = 0; i < count; i++) {
            out[o + i] = finish(shape, layer, acc[i], o + i);
        }
    }
}
