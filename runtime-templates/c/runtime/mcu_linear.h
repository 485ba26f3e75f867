/*
 * What layers with weights share: constants that an adapter can switch by pointer, and the low-rank and sparse terms
 * that add to the accumulator before requantisation.
 */
#ifndef MCU_LINEAR_H
#define MCU_LINEAR_H

#include "mcu_runtime.h"

/* LoRA beside the base: u = clamp16(requant(A*x + a_bias)), then (B*u + half) >> shift is added to the accumulator. */
typedef struct mcu_lora {
    const MCU_FLASH int8_t *a;             /* rank rows, packed as the layer's weights */
    const MCU_FLASH int32_t *a_bias;       /* per rank: -input zero point * sum of the row */
    const MCU_FLASH int32_t *a_multiplier; /* per rank */
    const MCU_FLASH int8_t *a_shift;       /* per rank, to the right */
    const MCU_FLASH int8_t *b;             /* [outputs][rank], packed as weights whose inputs are the ranks */
    const MCU_FLASH uint8_t *b_shift;      /* per output, to the right */
    uint16_t rank;
    uint16_t rank_padded;        /* bytes per packed row of b */
    const struct mcu_lora *next; /* a further term that adds, or null */
} mcu_lora;

/* Weights that differ from the base's, taken times x - zero point; mcu_sparse.h reads the stream. */
typedef struct mcu_sparse {
    const MCU_FLASH uint8_t *stream; /* pairs of gap and difference */
    uint32_t bytes;
    const struct mcu_sparse *next; /* further differences, or null */
} mcu_sparse;

/* Runs the layers that have terms; the kernel set defines it. Firmware holds those that its constants name. */
typedef struct mcu_term_kernel mcu_term_kernel;
extern const mcu_term_kernel mcu_lora__c; /* one low-rank term and nothing else */
extern const mcu_term_kernel mcu_lora__dsp;
extern const mcu_term_kernel mcu_terms__c; /* any */
extern const mcu_term_kernel mcu_terms__dsp;

/* What adds to a layer's accumulators before requantisation. */
typedef struct {
    const mcu_term_kernel *kernel; /* of matrix layers */
    const mcu_lora *lora;          /* or null */
    const mcu_sparse *sparse;      /* or null */
    uint16_t rows;                 /* values of u per pixel of all low-rank terms, padded */
} mcu_terms;

/* Constants of one layer; the base has one, and so has each adapter that changes the layer. */
typedef struct {
    const MCU_FLASH int8_t *weights;
    const MCU_FLASH int32_t *bias; /* input zero point folded in */
    const MCU_FLASH int32_t *multiplier;
    const MCU_FLASH int8_t *shift; /* to the right, negative is to the left */
    const mcu_terms *terms; /* null without any, as in the base */
} mcu_linear;

/* Numbers of one layer that no adapter changes. */
typedef struct {
    uint16_t depth;        /* inputs per output */
    uint16_t depth_padded; /* bytes per packed weight row */
    uint16_t outputs;
    int8_t input_zero_point;
    int8_t output_zero_point;
    int8_t activation_min;
    int8_t activation_max;
    uint8_t fast; /* every shift 1..22, multiplier >= 2^30 and |accumulator| < 2^30 */
} mcu_linear_shape;

/* Window geometry of a convolution or pool, NHWC. */
typedef struct {
    uint16_t input_h, input_w, input_c;
    uint16_t output_h, output_w, output_c;
    uint8_t kernel_h, kernel_w;
    uint8_t stride_h, stride_w;
    uint8_t dilation_h, dilation_w;
    uint8_t pad_top, pad_left;
} mcu_window;

#endif
