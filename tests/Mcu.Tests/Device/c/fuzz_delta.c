/*
 * libFuzzer on everything that reads an untrusted image: validation, attachment beside another image, one inference, the
 * same with a cache of merged layers, whose bytes must be equal, and installation in slots.
 *
 *   clang -std=gnu99 -O2 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -I. -I$C/runtime -I$C/flash
 *     -I$C/kernels/depthwise_conv2d -I$C/kernels/layer_normalization fuzz_delta.c $C/flash/mcu_flash_ram.c
 *     $C/runtime/mcu_{delta,delta_check,delta_view,delta_cache,slots,crc32,cose,linear__c,lora__c,terms__c}.c
 *     $C/kernels/depthwise_conv2d/mcu_depthwise_conv2d_s8{,_sparse}__c.c
 *     $C/kernels/layer_normalization/mcu_layer_normalization_s8.c -o fuzz_delta             (C=runtime-templates/c)
 *   mkdir -p corpus && ./fuzz_delta corpus -max_len=2048 -runs=20000000
 *
 * With SEED_FOLDER defined, and without -fsanitize=fuzzer, the program writes valid images there instead.
 */
#include "mcu_cose.h"
#include "mcu_delta_cache.h"
#include "mcu_depthwise_conv2d.h"
#include "mcu_flash_ram.h"
#include "mcu_layer_normalization.h"
#include "mcu_slots.h"
#include "tiny.h"
#include <stdlib.h>

enum { REPAIR = 1, PAIRED = 2, TWO_IMAGES = 4, LAYERS = 8, CACHE = 16, SLOTS = 32, MOST_LAYERS = 4, NORM = 5, FAST_NORM = 64, INPUT = 64 };

static const int8_t wide_weights[16 * 8] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
static const int32_t wide_bias[16];
static const int32_t wide_multiplier[15] = {1 << 30, 1 << 30, 1 << 30, 1 << 30, 1 << 30, 1 << 30, 1 << 30, 1 << 30,
                                            1 << 30, 1 << 30, 1 << 30, 1 << 30, 1 << 30, 1 << 30, 1 << 30};
static const int8_t wide_shift[15] = {8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8};
static const mcu_linear wide_base = {wide_weights, wide_bias, wide_multiplier, wide_shift, NULL};

/* Packing 1 pads 7 columns to 8. */
static const mcu_linear_shape plain_shape = {7, 7, 15, -128, 127, -100, 100, 1};
static const mcu_linear_shape paired_shape = {7, 8, 15, -128, 127, -100, 100, 1};
static const mcu_depthwise_conv2d depthwise = {
    {4, 3, 3, 4, 3, 3, 3, 2, 1, 1, 1, 1, 1, 0}, {6, 6, 3, 127, 0, -128, 127, 0}, 1, 6, 4};
static const mcu_linear depthwise_base = {wide_weights, wide_bias, wide_multiplier, wide_shift, NULL};

/* One layer normalisation beside the fast path, and one that takes it where a row has values far apart. */
static const int16_t norm_gamma[NORM] = {1000, -32768, 0, 77, 32767};
static const int16_t fast_gamma[FAST_NORM] = {1000, -2000, 0, 77, 30000};
static const int32_t norm_beta[FAST_NORM] = {-1000, 2000, 1 << 20};
static const mcu_linear norm_base = {(const int8_t *)norm_gamma, norm_beta, wide_multiplier, wide_shift, NULL};
static const mcu_linear fast_base = {(const int8_t *)fast_gamma, norm_beta, wide_multiplier, wide_shift, NULL};
static const mcu_layer_normalization norm = {{1, 2, NORM, 3, 127, -128, 127, 0}, 7, 13, 1};
static const mcu_layer_normalization fast_norm = {{1, 2, FAST_NORM, 3, -128, -128, 127, 1}, 1, 12, (int64_t)1 << 34};

static const mcu_delta_layer plain_layers[] = {
    {&tiny_shape, &tiny_base, 4, MCU_DELTA_MATRIX},
    {&plain_shape, &wide_base, 8, MCU_DELTA_MATRIX},
    {&depthwise.linear, &depthwise_base, 0, MCU_DELTA_DEPTHWISE},
    {&fast_norm.linear, &fast_base, 0, MCU_DELTA_NORM},
};
static const mcu_delta_layer paired_layers[] = {
    {&paired_shape, &wide_base, 16, MCU_DELTA_MATRIX},
    {&depthwise.linear, &depthwise_base, 0, MCU_DELTA_DEPTHWISE},
    {&paired_shape, &wide_base, 8, MCU_DELTA_MATRIX},
    {&norm.linear, &norm_base, 0, MCU_DELTA_NORM},
};

static mcu_delta_abi abi_of(unsigned flags)
{
    mcu_delta_abi abi = tiny_abi(0);
    abi.layers = flags & PAIRED ? paired_layers : plain_layers;
    abi.layer_count = flags & LAYERS ? 4 : 1;
    abi.packing = (flags & PAIRED) != 0;
    abi.images = 2;
    return abi;
}

/* Mends what a mutation almost never hits: magic, hashes, length and checksum. */
static void repair(uint8_t *image, uint32_t bytes, const mcu_delta_abi *abi)
{
    if (bytes < 64) {
        return;
    }
    memcpy(image, "MCUD\1\0", 6);
    image[6] = (uint8_t)abi->layer_count;
    image[7] = 0;
    put32(image + 8, bytes);
    memcpy(image + 16, abi->base, 16);
    memcpy(image + 32, abi->abi, 16);
    image[60] &= 7;
    image[61] &= 3;
    put32(image + 12, mcu_crc32(mcu_crc32(0, image, 12), image + 16, bytes - 16u));
}

static volatile uint32_t sink;

static void touch(const void *from, size_t bytes)
{
    const uint8_t *at = from;
    for (size_t i = 0; i < bytes; i++) {
        sink += at[i];
    }
}

/* Reads what the DSP kernels would read. */
static void touch_paired(const mcu_delta_layer *layer, const mcu_linear *linear)
{
    const uint32_t outputs = layer->shape->outputs;
    const int paired = layer->kind == MCU_DELTA_MATRIX;
    const uint32_t rows = paired ? (outputs + 1u) & ~1u : outputs;
    touch(linear->bias, 4u * rows);
    touch(linear->multiplier, 4u * outputs);
    touch(linear->shift, outputs);
    touch(linear->weights, (size_t)rows * layer->shape->depth_padded);
    for (const mcu_lora *lora = linear->terms != NULL ? linear->terms->lora : NULL; lora != NULL; lora = lora->next) {
        const uint32_t ranks = (lora->rank + 1u) & ~1u;
        touch(lora->a, (size_t)ranks * layer->shape->depth_padded);
        touch(lora->a_bias, 4u * ranks);
        touch(lora->a_multiplier, 4u * lora->rank);
        touch(lora->a_shift, lora->rank);
        touch(lora->b, (size_t)rows * lora->rank_padded);
        touch(lora->b_shift, outputs);
    }
    for (const mcu_sparse *sparse = linear->terms != NULL ? linear->terms->sparse : NULL; sparse != NULL; sparse = sparse->next) {
        touch(sparse->stream, sparse->bytes);
    }
}

/* outputs: [MOST_LAYERS][INPUT]; cache: or null */
static void run_layers(const mcu_delta_abi *abi, const void *const *images, unsigned active, const mcu_delta_cache *cache,
                       const uint8_t *x, int8_t *outputs)
{
    memset(outputs, 0, MOST_LAYERS * INPUT);
    for (unsigned i = 0; i < abi->layer_count; i++) {
        mcu_delta_view view;
        int8_t input[INPUT];
        int8_t *output = outputs + i * INPUT;
        int32_t scratch[64];
        const mcu_linear *linear = cache != NULL ? mcu_delta_cache_view_of(cache, abi, images, active, i, &view)
                                                 : mcu_delta_view_of(abi, images, active, i, &view);
        memcpy(input, x, sizeof input);
        if (abi->layers[i].kind == MCU_DELTA_NORM) {
            mcu_layer_normalization_s8(abi->packing == 1 ? &norm : &fast_norm, linear, input, output);
        } else if (abi->packing == 1) {
            touch_paired(&abi->layers[i], linear);
        } else if (abi->layers[i].kind == MCU_DELTA_MATRIX) {
            mcu_linear_row__c(abi->layers[i].shape, linear, input, output, (int16_t *)scratch);
        } else {
            mcu_depthwise_conv2d_s8_sparse__c(&depthwise, linear, input, output, scratch);
        }
    }
}

static int accept(void *user, const uint8_t *data, size_t bytes, uint8_t *digest)
{
    (void)user;
    touch(data, bytes);
    memset(digest, 1, 32);
    return 0;
}

static int check_signature(void *user, const mcu_cose_signature *signature)
{
    (void)user;
    touch(signature->key_id, signature->key_id_bytes);
    touch(signature->signature, signature->signature_bytes);
    touch(signature->signed_text, signature->signed_bytes);
    return 0;
}

/* With and without a cache, whose room the choice gives. */
static void run(const mcu_delta_abi *abi, const void *const *images, unsigned active, mcu_delta_cache *cache, const uint8_t *x)
{
    int8_t walked[MOST_LAYERS * INPUT], merged[MOST_LAYERS * INPUT];
    run_layers(abi, images, active, NULL, x, walked);
    if (cache != NULL) {
        mcu_delta_cache_prepare(cache, abi, images, active);
        run_layers(abi, images, active, cache, x, merged);
        if (memcmp(walked, merged, sizeof walked) != 0) {
            abort();
        }
    }
}

static int trust(void *user, const void *image, size_t bytes)
{
    return mcu_cose_verify(user, image, bytes) == MCU_OK || ((const uint8_t *)image)[48] % 8u != 7u ? MCU_OK : 1;
}

/* Two images go to slots and through calls that the choice gives; whatever runs then is a valid image. */
static void install(const mcu_delta_abi *abi, uint8_t *const *images, const uint32_t *bytes, unsigned choice, mcu_cose_crypto *crypto,
                    const uint8_t *x)
{
    static uint32_t memory[2][4096 / 4];
    mcu_flash_ram ram;
    mcu_slots slots;
    memset(memory, 0xFF, sizeof memory);
    mcu_flash_ram_init(&ram, memory, sizeof memory, 256, 1u << choice % 6u);
    const mcu_slots_config config = {&ram.flash, abi, 0, 512, 2048, 2, 2, trust, crypto};
    mcu_slots_open(&slots, &config);
    for (unsigned slot = 0; slot < 2; slot++) {
        if (mcu_slots_begin(&slots, slot, bytes[slot]) == MCU_OK && mcu_slots_write(&slots, images[slot], bytes[slot]) == MCU_OK) {
            (void)mcu_slots_finish(&slots);
        }
    }
    for (unsigned step = 0; step < 8; step++) {
        const unsigned mask = 1u + (choice >> step) % 3u;
        switch ((choice * (step + 3u) + step) % 5u) {
        case 0: (void)mcu_slots_test(&slots, mask); break;
        case 1: (void)mcu_slots_confirm(&slots); break;
        case 2: (void)mcu_slots_select(&slots, mask & 2u); break;
        case 3: (void)mcu_slots_erase(&slots, mask & 1u); break;
        default: mcu_slots_open(&slots, &config); break;
        }
        const void *attached[2];
        mcu_delta_set set = {0, 0};
        const unsigned run_mask = mcu_slots_start(&slots);
        for (unsigned slot = 0; run_mask >> slot != 0; slot++) {
            size_t size = 0;
            const void *image = (run_mask >> slot & 1u) != 0 ? mcu_slots_image(&slots, slot, &size) : NULL;
            if (image != NULL && mcu_delta_validate(abi, image, size) != MCU_OK) {
                abort();
            }
            if (image != NULL) {
                (void)mcu_delta_attach(abi, attached, &set, image, size);
            }
        }
        run(abi, attached, set.active, NULL, x);
    }
}

/* The image alone in memory of its exact size, so that a byte too far is seen. */
static uint8_t *copy_of(const uint8_t *data, uint32_t bytes, unsigned flags, const mcu_delta_abi *abi)
{
    uint8_t *image = malloc(bytes == 0 ? 1 : bytes);
    memcpy(image, data, bytes);
    if (flags & REPAIR) {
        repair(image, bytes, abi);
    }
    return image;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static mcu_cose_crypto crypto = {accept, check_signature, NULL};
    uint8_t x[INPUT];
    if (size < 4) {
        return 0;
    }
    const unsigned flags = data[0];
    const mcu_delta_abi abi = abi_of(flags);
    for (unsigned i = 0; i < sizeof x; i++) {
        x[i] = data[1] & 1 ? (uint8_t)(0x80 - (data[1] >> 7 & (i & 1))) : (uint8_t)(data[1] * (i + 1u));
    }
    const uint32_t rest = (uint32_t)size - 4u;
    const uint32_t first = flags & TWO_IMAGES ? (rest < data[2] * 4u ? rest : data[2] * 4u) : rest;
    uint8_t *images[2] = {copy_of(data + 4, first, flags, &abi), copy_of(data + 4 + first, rest - first, flags, &abi)};
    const uint32_t bytes[2] = {first, rest - first};
    const void *attached[2];
    mcu_delta_set set = {0, 0};
    static void *room[64];
    mcu_delta_cache memory;
    mcu_delta_cache *cache = flags & CACHE ? &memory : NULL;
    mcu_delta_cache_init(&memory, room, data[3] * sizeof(void *) % (sizeof room + 1u));
    for (unsigned i = 0; i < (flags & TWO_IMAGES ? 2u : 1u); i++) {
        if (mcu_delta_check_body(images[i], bytes[i]) == MCU_OK) {
            (void)mcu_cose_verify(&crypto, images[i], bytes[i]);
        }
        if (mcu_delta_attach(&abi, attached, &set, images[i], bytes[i]) == MCU_OK) {
            const mcu_delta_header *header = (const void *)images[i];
            touch(mcu_delta_tests(images[i]), 8u * header->self_tests);
            run(&abi, attached, set.active, cache, x);
        }
    }
    mcu_delta_cache_forget(&memory, images[0]);
    (void)mcu_delta_detach(&abi, attached, &set, images[0]);
    run(&abi, attached, set.active, cache, x);
    if (flags & SLOTS) {
        install(&abi, images, bytes, data[3], &crypto, x);
    }
    free(images[0]);
    free(images[1]);
    return 0;
}

#ifdef SEED_FOLDER
#include "fuzz_seeds.h"
#endif
