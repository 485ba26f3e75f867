/* Valid images of every kind of layer, written to SEED_FOLDER: the second part of fuzz_delta.c, whose networks they are for. */
#ifndef FUZZ_SEEDS_H
#define FUZZ_SEEDS_H

#include <stdio.h>

/* A layer normalisation with the sections of an id's low bits; the header is for repair(). */
static uint32_t norm_image(uint8_t *image, uint32_t id, unsigned outputs)
{
    uint8_t *at = image + 64;
    memset(image, 0, TINY_MOST_BYTES);
    image[64 + 2 * 3] = (64 + 8) / 4;
    at = put32(at + 8, id & 7u);
    for (unsigned o = 0; (id & 1u) != 0 && o < outputs; o++) {
        at = put32(at, (uint32_t)(tiny_value(id, o) * 100000));
    }
    if (id & 2u) {
        at = put32(put32(at, 1u << 30), 9);
    }
    if (id & 4u) {
        at = put_values(at, id, 0, outputs * 2u);
        at += outputs % 2u * 2u;
    }
    return (uint32_t)(at - image);
}

static int write_seed(uint32_t id, const uint8_t *seed, uint32_t bytes)
{
    char name[256];
    snprintf(name, sizeof name, "%s/seed%u", SEED_FOLDER, id);
    FILE *file = fopen(name, "wb");
    return file == NULL || fwrite(seed, 4 + bytes, 1, file) != 1 || fclose(file) != 0;
}

/* One record of a matrix layer of 15 outputs and 7 inputs, or of the depthwise one of 3 and 6; the header is for repair(). */
static uint32_t layer_image(uint8_t *image, unsigned index, unsigned paired, unsigned kind)
{
    const unsigned depthwise = index == (paired ? 1u : 2u);
    const unsigned outputs = depthwise ? 3 : 15;
    const unsigned depth = depthwise ? 6 : paired ? 8 : 7;
    const unsigned rows = paired && !depthwise ? 16 : outputs;
    memset(image, 0, TINY_MOST_BYTES);
    image[64 + 2 * index] = (64 + 8) / 4;
    uint8_t *at = image + 72;
    if (kind == TINY_SPARSE) {
        at = put32(at, 16u | 8u << 16);
        at = put32(put32(at, 0x7F01FF00u), 0x01030202u);
    } else if (kind == TINY_LORA) {
        at = put32(at, 8u | 3u << 8);
        for (unsigned r = 0; r < 3; r++) {
            at = put32(at, 1u << 30);
        }
        at += 4u * (paired ? 4 : 3);
        for (unsigned r = 0; r < 3; r++) {
            (void)put_values(at + (paired ? (r & ~1u) * depth + 4u * (r & 1u) : r * depth), r, 0, 4);
        }
        at += (paired ? 4u : 3u) * depth;
        at += rows * (paired ? 4u : 3u);
        memset(at, 5, 3 + outputs);
        at += 3 + outputs;
    } else {
        at = put32(at, 7);
        at += 4u * rows;
        for (unsigned o = 0; o < outputs; o++) {
            at = put32(at, 1u << 30);
        }
        memset(at, 8, outputs);
        at += (outputs + 3u) & ~3u;
        at += rows * depth;
    }
    return ((uint32_t)(at - image) + 3u) & ~3u;
}

int main(void)
{
    static const uint8_t records[][3] = {/* layer, paired, kind */
        {1, 0, TINY_SPARSE}, {1, 0, TINY_LORA}, {1, 0, TINY_WEIGHTS}, {2, 0, TINY_SPARSE}, {2, 0, TINY_WEIGHTS},
        {0, 1, TINY_SPARSE}, {0, 1, TINY_LORA}, {0, 1, TINY_WEIGHTS}, {1, 1, TINY_SPARSE}, {1, 1, TINY_WEIGHTS}, {2, 1, TINY_LORA}};
    for (uint32_t i = 0; i < sizeof records / sizeof records[0]; i++) {
        uint8_t seed[4 + 2 * TINY_MOST_BYTES] = {REPAIR | LAYERS | CACHE, (uint8_t)(i * 17u), 0, 200};
        seed[0] |= records[i][1] ? PAIRED : 0;
        uint32_t bytes = layer_image(seed + 4, records[i][0], records[i][1], records[i][2]);
        mcu_delta_abi abi = abi_of(seed[0]);
        mcu_delta_set set = {0, 0};
        const void *attached[2];
        static uint32_t copy[TINY_MOST_BYTES / 4];
        memcpy(copy, seed + 4, bytes);
        repair((uint8_t *)copy, bytes, &abi);
        if (mcu_delta_attach(&abi, attached, &set, copy, bytes) != MCU_OK) {
            fprintf(stderr, "seed %u is not valid\n", 33 + i);
            return 1;
        }
        seed[0] |= i & 1u ? SLOTS : 0;
        if (write_seed(33 + i, seed, bytes) != 0) {
            return 1;
        }
    }
    for (uint32_t id = 17; id < 17 + 16; id++) {
        uint8_t seed[4 + 2 * TINY_MOST_BYTES] = {REPAIR | LAYERS, (uint8_t)(id * 17u)};
        const unsigned outputs = id & 8u ? NORM : FAST_NORM;
        seed[0] |= id & 8u ? PAIRED : 0;
        uint32_t bytes = norm_image(seed + 4, id % 8u == 0 ? 5 : id, outputs);
        if (id % 8u == 0) {
            seed[0] |= TWO_IMAGES;
            seed[2] = (uint8_t)(bytes / 4u);
            bytes += norm_image(seed + 4 + bytes, id / 8u == 3 ? 4 : 1, outputs); /* gamma or beta a second time */
        } else if (id % 8u == 4) {
            seed[0] |= TWO_IMAGES;
            seed[2] = (uint8_t)(bytes / 4u);
            bytes += norm_image(seed + 4 + bytes, 1, outputs); /* beta beside gamma */
        }
        if (write_seed(id, seed, bytes) != 0) {
            return 1;
        }
    }
    for (uint32_t id = 1; id <= 16; id++) {
        uint8_t seed[4 + 2 * TINY_MOST_BYTES] = {REPAIR, (uint8_t)(id * 17u)};
        uint32_t bytes = tiny_image(seed + 4, id, 0, 0);
        if (id > 8) {
            seed[0] |= TWO_IMAGES;
            seed[2] = (uint8_t)(bytes / 4u);
            bytes += tiny_image(seed + 4 + bytes, id + 1u, 0, 0);
        }
        seed[0] |= (id & 1u ? CACHE : 0) | (id & 2u ? SLOTS : 0);
        seed[3] = (uint8_t)(255u - id * 5u);
        if (write_seed(id, seed, bytes) != 0) {
            return 1;
        }
    }
    return 0;
}

#endif
