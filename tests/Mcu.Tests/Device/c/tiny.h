/*
 * A layer of 3 outputs and 5 inputs, images that change it in each of four ways, and what it must compute, by plain
 * arithmetic that shares nothing with the runtime but the layout of the format.
 */
#ifndef TINY_H
#define TINY_H

#include "mcu_crc32.h"
#include "mcu_delta.h"
#include "mcu_linear__c.h"
#include <string.h>

#define TINY_OUTPUTS 3
#define TINY_DEPTH 5
#define TINY_ROOM 2 /* rows of low-rank terms */
#define TINY_MOST_BYTES 1024

enum { TINY_SPARSE, TINY_BIAS, TINY_LORA, TINY_WEIGHTS, TINY_KINDS };

static const int8_t tiny_weights[] = {3, -7, 11, 100, -128, 1, 2, 3, 4, 5, -60, 50, -40, 30, -20};
static const int32_t tiny_bias[] = {100, -2000, 30000};
static const int32_t tiny_multiplier[] = {1 << 30, 1 << 30, 1 << 30};
static const int8_t tiny_shift[] = {7, 7, 7};
static const mcu_linear tiny_base = {tiny_weights, tiny_bias, tiny_multiplier, tiny_shift, NULL};
static const mcu_linear_shape tiny_shape = {TINY_DEPTH, TINY_DEPTH, TINY_OUTPUTS, 4, -3, -128, 127, 0};
static const mcu_delta_layer tiny_layer = {&tiny_shape, &tiny_base, TINY_ROOM, MCU_DELTA_MATRIX};

/* Firmware of a generation: another base refuses images of the one before. */
static mcu_delta_abi tiny_abi(uint8_t generation)
{
    mcu_delta_abi abi;
    memset(&abi, 0x5A, sizeof abi);
    abi.base[0] = generation;
    abi.layers = &tiny_layer;
    abi.layer_count = 1;
    abi.packing = 0;
    abi.images = MCU_TERMS;
    abi.kernel = &mcu_terms__c;
    abi.lora = &mcu_lora__c;
    return abi;
}

/* Everything about an image follows from its id. */
static unsigned tiny_kind(uint32_t id)
{
    return id % TINY_KINDS;
}

static int32_t tiny_value(uint32_t id, unsigned i)
{
    const uint32_t mixed = (id * 31u + i + 1u) * 2654435761u;
    return (int32_t)(mixed >> 25) - 64;
}

static uint8_t *put32(uint8_t *at, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++, value >>= 8) {
        *at++ = (uint8_t)value;
    }
    return at;
}

static uint8_t *put_values(uint8_t *at, uint32_t id, unsigned first, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        *at++ = (uint8_t)tiny_value(id, first + i);
    }
    return at;
}

static uint8_t *put_scales(uint8_t *at)
{
    for (unsigned o = 0; o < TINY_OUTPUTS; o++) {
        at = put32(at, 1u << 30);
    }
    return at;
}

static uint8_t *put_record(uint8_t *at, uint32_t id)
{
    switch (tiny_kind(id)) {
    case TINY_SPARSE: /* weights 1 and 7 */
        at = put32(at, 16u | 4u << 16);
        *at++ = 1;
        *at++ = (uint8_t)tiny_value(id, 0);
        *at++ = 6;
        *at++ = (uint8_t)tiny_value(id, 1);
        return at;
    case TINY_BIAS:
        at = put32(at, 1);
        for (unsigned o = 0; o < TINY_OUTPUTS; o++) {
            at = put32(at, (uint32_t)(tiny_value(id, o) * 100));
        }
        return at;
    case TINY_LORA: /* u = round(A * (x - 4) / 2), then (B * u + 4) >> 3 */
        at = put32(at, 8u | 1u << 8);
        at = put32(at, 1u << 30);
        {
            int32_t sum = 0;
            for (unsigned k = 0; k < TINY_DEPTH; k++) {
                sum += tiny_value(id, k);
            }
            at = put32(at, (uint32_t)(-4 * sum));
        }
        at = put_values(at, id, 0, TINY_DEPTH + TINY_OUTPUTS);
        *at++ = 0;
        memset(at, 3, TINY_OUTPUTS);
        return at + TINY_OUTPUTS;
    default:
        at = put32(at, 7);
        for (unsigned o = 0; o < TINY_OUTPUTS; o++) {
            at = put32(at, (uint32_t)(tiny_value(id, o) * 50));
        }
        at = put_scales(at);
        memset(at, 6, TINY_OUTPUTS);
        at = put_values(at + TINY_OUTPUTS + 1, id, 0, TINY_OUTPUTS * TINY_DEPTH);
        return at + 1;
    }
}

/* The image's bytes. Its self-tests only make it longer. */
static uint32_t tiny_image(uint8_t *image, uint32_t id, uint32_t counter, uint8_t generation)
{
    const uint8_t tests = (uint8_t)(id * 7u % 50u);
    memset(image, 0, TINY_MOST_BYTES);
    memcpy(image, "MCUD", 4);
    image[4] = 1;
    image[6] = 1;
    memset(image + 16, 0x5A, 32);
    image[16] = generation;
    put32(put32(put32(image + 48, id), id * 3u), counter);
    image[60] = tests;
    uint8_t *at = image + 64;
    for (unsigned i = 0; i < 2u * tests; i++) {
        at = put32(at, id * 1000003u + i);
    }
    const uint32_t record = (uint32_t)(at - image) + 4u;
    put32(at, record / 4u);
    const uint32_t bytes = (uint32_t)(put_record(image + record, id) - image);
    put32(image + 8, bytes);
    put32(image + 12, mcu_crc32(mcu_crc32(0, image, 12), image + 16, bytes - 16u));
    return bytes;
}

static int32_t tiny_halve(int32_t x)
{
    return (x + 1) >> 1;
}

/* What the layer must give under a set of images, which do not conflict. */
static void tiny_expected(const uint32_t *ids, unsigned count, const int8_t *x, int8_t *out)
{
    for (int o = 0; o < TINY_OUTPUTS; o++) {
        int32_t acc = tiny_bias[o];
        int divisor = 128;
        const uint32_t *whole = NULL;
        for (unsigned i = 0; i < count; i++) {
            acc = tiny_kind(ids[i]) == TINY_BIAS ? tiny_value(ids[i], (unsigned)o) * 100 : acc;
            whole = tiny_kind(ids[i]) == TINY_WEIGHTS ? &ids[i] : whole;
        }
        if (whole != NULL) {
            acc = tiny_value(*whole, (unsigned)o) * 50;
            divisor = 64;
        }
        for (int k = 0; k < TINY_DEPTH; k++) {
            const int p = o * TINY_DEPTH + k;
            acc += (whole != NULL ? tiny_value(*whole, (unsigned)p) : tiny_weights[p]) * x[k];
        }
        for (unsigned i = 0; i < count; i++) {
            if (tiny_kind(ids[i]) == TINY_SPARSE && o < 2) { /* weights 1 and 7: one in each of the first two rows */
                acc += tiny_value(ids[i], (unsigned)o) * (x[o == 0 ? 1 : 2] - 4);
            }
            if (tiny_kind(ids[i]) == TINY_LORA) {
                int32_t sum = 0;
                for (unsigned k = 0; k < TINY_DEPTH; k++) {
                    sum += tiny_value(ids[i], k) * (x[k] - 4);
                }
                acc += (tiny_value(ids[i], TINY_DEPTH + (unsigned)o) * tiny_halve(sum) + 4) >> 3;
            }
        }
        const int32_t half = tiny_halve(acc);
        const int32_t y = (half >= 0 ? (half + divisor / 2) / divisor : -((-half + divisor / 2) / divisor)) - 3;
        out[o] = (int8_t)(y < -128 ? -128 : y > 127 ? 127 : y);
    }
}

/* The status that attaching the last of a set must give beside the others. */
static int tiny_status(const uint32_t *ids, unsigned count)
{
    unsigned of[TINY_KINDS] = {0};
    for (unsigned i = 0; i < count; i++) {
        of[tiny_kind(ids[i])]++;
    }
    const int is_conflict = of[TINY_BIAS] > 1 || (of[TINY_WEIGHTS] > 0 && count > 1);
    return of[TINY_LORA] > TINY_ROOM ? MCU_DELTA_ERROR_RANK : is_conflict ? MCU_DELTA_ERROR_CONFLICT : MCU_OK;
}

#endif
