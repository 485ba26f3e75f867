/*
 * Random sequences of attach, detach, select and new memory on three layers, with a cache of merged layers beside the same
 * images without one: the bytes of every layer are equal, and what the cache holds, in its order, is what a list says that
 * is kept by the rules of the documentation. Writes to "out.bin": 32-bit words: failures, line, layers run from the cache,
 * layers walked although active, entries dropped for others, sequences. PACKING is defined as the network's, 0 or 1.
 */
#include "harness.h"
#include "mcu_crc32.h"
#include "mcu_depthwise_conv2d.h"
#include <stdlib.h>
#include <string.h>

#if PACKING
#include "mcu_linear__dsp.h"
#else
#include "mcu_linear__c.h"
#endif

#define LAYERS 3u
#define IMAGES 4u
#define MOST_BYTES 1024u
#define MOST_ENTRIES (IMAGES * LAYERS)
#define DEPTHWISE 2u
#define SEQUENCES 400u
#define STEPS 24u

/* The harness has a signal stack of its own. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
    return "use_sigaltstack=0";
}

enum { FAILURES, LINE, MERGED, WALKED, DROPPED, DONE, RESULTS };
static uint32_t result[RESULTS];

static void check(int condition, int line)
{
    if (!condition && result[FAILURES]++ == 0) {
        result[LINE] = (uint32_t)line;
    }
}

#define CHECK(condition) check((condition), __LINE__)

static uint32_t seed = 1;

static uint32_t below(uint32_t limit)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % limit;
}

static int32_t between(int32_t low, int32_t high)
{
    return low + (int32_t)below((uint32_t)(high - low + 1));
}

static mcu_linear_shape shapes[LAYERS - 1];
static mcu_depthwise_conv2d depthwise;
static int8_t weights[LAYERS][128];
static int32_t biases[LAYERS][16];
static int32_t multipliers[LAYERS][16];
static int8_t shifts[LAYERS][16];
static mcu_linear bases[LAYERS];
static mcu_delta_layer layers[LAYERS];
static mcu_delta_abi abi;

static unsigned is_paired(unsigned layer)
{
    return PACKING && layer != DEPTHWISE;
}

/* A packed matrix of random values in zeros; returns its bytes. */
static uint32_t put_matrix(int8_t *to, unsigned paired, uint32_t rows, uint32_t columns, int32_t largest)
{
    const uint32_t stride = paired ? (columns + 3u) / 4u * 4u : columns;
    const uint32_t padded = paired ? (rows + 1u) / 2u * 2u : rows;
    memset(to, 0, padded * stride);
    for (uint32_t row = 0; row < rows; row++) {
        for (uint32_t k = 0; k < columns; k++) {
            const uint32_t at = paired ? ((row / 2u * (stride / 4u) + k / 4u) * 2u + row % 2u) * 4u + k % 4u : row * stride + k;
            to[at] = (int8_t)between(-largest, largest);
        }
    }
    return padded * stride;
}

static void make_layer(unsigned i, mcu_linear_shape *shape, uint16_t outputs, uint16_t depth, uint8_t fast)
{
    const uint16_t padded = is_paired(i) ? (uint16_t)((depth + 3u) & ~3u) : depth;
    *shape = (mcu_linear_shape){depth, padded, outputs, (int8_t)between(-128, 127), (int8_t)between(-50, 50), -128, 127, fast};
    put_matrix(weights[i], is_paired(i), outputs, depth, 127);
    for (unsigned o = 0; o < outputs; o++) {
        biases[i][o] = between(-3000, 3000);
        multipliers[i][o] = 1 << 30;
        shifts[i][o] = (int8_t)between(6, 9);
    }
    bases[i] = (mcu_linear){weights[i], biases[i], multipliers[i], shifts[i], NULL};
    layers[i] = (mcu_delta_layer){shape, &bases[i], i == DEPTHWISE ? 0 : 16,
                                  i == DEPTHWISE ? MCU_DELTA_DEPTHWISE : MCU_DELTA_MATRIX};
}

static void make_network(void)
{
    memset(biases, 0, sizeof biases);
    depthwise = (mcu_depthwise_conv2d){.window = {4, 4, 3, 4, 4, 3, 3, 3, 1, 1, 1, 1, 1, 1}, .multiplier = 1, .plane_h = 6, .plane_w = 6};
    make_layer(0, &shapes[0], 5, 7, 0);
    make_layer(1, &shapes[1], 8, 12, 1);
    make_layer(DEPTHWISE, &depthwise.linear, 3, 9, (uint8_t)below(2));
    abi.layers = layers;
    abi.layer_count = LAYERS;
    abi.packing = PACKING;
    abi.images = IMAGES;
    abi.kernel = net_delta_abi.kernel;
    abi.lora = net_delta_abi.lora;
}

static uint32_t put_differences(uint8_t *to, const mcu_linear_shape *shape)
{
    const uint32_t all = (uint32_t)shape->outputs * shape->depth;
    const int32_t largest = below(3) == 0 ? 127 : 12;
    uint8_t *at = to;
    uint32_t gap = below(4);
    for (uint32_t p = gap; p < all && at < to + 60; p += gap) {
        *at++ = (uint8_t)gap;
        *at++ = (uint8_t)between(-largest, largest);
        gap = below(12);
    }
    return (uint32_t)(at - to);
}

static uint32_t aligned(uint32_t at)
{
    return (at + 3u) & ~3u;
}

/* A record of differences, and perhaps of a bias and of a low-rank term. */
static uint32_t put_record(uint8_t *image, uint32_t at, unsigned layer)
{
    const mcu_linear_shape *shape = layers[layer].shape;
    const unsigned paired = is_paired(layer);
    const uint32_t rows = paired ? (shape->outputs + 1u) & ~1u : shape->outputs;
    const uint32_t rank = layer != DEPTHWISE && below(4) == 0 ? 1u + below(3) : 0;
    const int has_bias = below(4) == 0;
    uint8_t *const head = image + at;
    at += 4;
    if (has_bias) {
        for (uint32_t row = 0; row < rows; row++, at += 4) {
            const int32_t bias = row < shape->outputs ? between(-2000, 2000) : 0;
            memcpy(image + at, &bias, 4);
        }
    }
    if (rank != 0) {
        const uint32_t ranks = paired ? (rank + 1u) & ~1u : rank;
        for (uint32_t r = 0; r < rank + ranks; r++, at += 4) {
            const int32_t value = r < rank ? 1 << 30 : r - rank < rank ? between(-500, 500) : 0;
            memcpy(image + at, &value, 4);
        }
        at += put_matrix((int8_t *)image + at, paired, rank, shape->depth, 60);
        at += put_matrix((int8_t *)image + at, paired, shape->outputs, rank, 60);
        memset(image + at, 2, rank);
        memset(image + at + rank, 4, shape->outputs);
        at = aligned(at + rank + shape->outputs);
    }
    const uint32_t bytes = below(4) == 0 ? 0 : put_differences(image + at, shape);
    head[0] = (uint8_t)((has_bias ? 1 : 0) | (rank != 0 ? 8 : 0) | (bytes != 0 ? 16 : 0));
    head[1] = (uint8_t)rank;
    head[2] = (uint8_t)bytes;
    return head[0] == 0 ? (uint32_t)(head - image) : aligned(at + bytes);
}

static uint32_t images[IMAGES][MOST_BYTES / 4];
static uint32_t image_bytes[IMAGES];

static void make_image(unsigned i)
{
    uint8_t *image = (uint8_t *)images[i];
    mcu_delta_header *header = (mcu_delta_header *)(void *)image;
    memset(image, 0, MOST_BYTES);
    *header = (mcu_delta_header){.magic = MCU_DELTA_MAGIC, .format = 1, .layers = LAYERS, .id = i};
    uint32_t at = 72;
    for (unsigned layer = 0; layer < LAYERS; layer++) {
        const uint32_t end = below(4) == 0 ? at : put_record(image, at, layer);
        const uint16_t place = (uint16_t)(end == at ? 0 : at / 4u);
        memcpy(image + 64 + 2u * layer, &place, 2);
        at = end;
    }
    image_bytes[i] = header->body_bytes = at;
    header->crc32 = mcu_crc32(mcu_crc32(0, image, 12), image + 16, at - 16u);
}

static void run(unsigned layer, const mcu_linear *linear, const int8_t *x, int8_t *out)
{
    int32_t scratch[256];
    if (layer == DEPTHWISE) {
#if PACKING
        mcu_depthwise_conv2d_s8_sparse__dsp(&depthwise, linear, x, out, scratch);
#else
        mcu_depthwise_conv2d_s8_sparse__c(&depthwise, linear, x, out, scratch);
#endif
        return;
    }
#if PACKING
    int16_t columns[16];
    mcu_widen__dsp(x, shapes[layer].depth_padded, columns, 1);
    mcu_linear_row__dsp(&shapes[layer], linear, columns, out, (int16_t *)scratch);
#else
    mcu_linear_row__c(&shapes[layer], linear, x, out, (int16_t *)scratch);
#endif
}

#include "cache_model.h"

static void compare_entries(const mcu_delta_cache *cache)
{
    uint32_t at = 0;
    for (uint32_t i = 0; i < model_count; i++) {
        CHECK(at < cache->used);
        if (at >= cache->used) {
            return;
        }
        const mcu_delta_cache_entry *entry = (const void *)(cache->memory + at);
        CHECK(entry->image == model[i].image && entry->layer == model[i].layer && entry->bytes == model[i].bytes);
        at += entry->bytes;
    }
    CHECK(at == cache->used && cache->used <= cache->bytes);
}

static void compare_outputs(const mcu_delta_cache *cache, const void *const *attached, unsigned active)
{
    for (unsigned layer = 0; layer < LAYERS; layer++) {
        mcu_delta_view walked, merged;
        int8_t x[48], expected[48], actual[48];
        for (unsigned i = 0; i < sizeof x; i++) {
            x[i] = (int8_t)between(-128, 127);
        }
        memset(expected, 0, sizeof expected);
        memset(actual, 0, sizeof actual);
        const mcu_linear *walk = mcu_delta_view_of(&abi, attached, active, layer, &walked);
        const mcu_linear *merge = mcu_delta_cache_view_of(cache, &abi, attached, active, layer, &merged);
        run(layer, walk, x, expected);
        run(layer, merge, x, actual);
        CHECK(memcmp(expected, actual, sizeof expected) == 0);
        const int was_sparse = walk->terms != NULL && walk->terms->sparse != NULL;
        const int is_sparse = merge->terms != NULL && merge->terms->sparse != NULL;
        result[MERGED] += was_sparse && !is_sparse;
        result[WALKED] += was_sparse && is_sparse;
    }
}

/* Memory of exactly this size where there is a heap, so that a byte too far is seen. */
#if defined(__arm__)
static void *take_memory(uint32_t bytes)
{
    static void *memory[4096 / sizeof(void *)];
    (void)bytes;
    return memory;
}

static void give_memory(void *memory)
{
    (void)memory;
}
#else
static void *take_memory(uint32_t bytes)
{
    return malloc(bytes == 0 ? 1 : bytes);
}

static void give_memory(void *memory)
{
    free(memory);
}
#endif

static void sequence(void)
{
    static const uint32_t sizes[] = {0, 1, 40, 150, 300, 500, 900, 4096};
    const void *attached[IMAGES];
    mcu_delta_set set = {0, 0};
    mcu_delta_cache cache;
    make_network();
    for (unsigned i = 0; i < IMAGES; i++) {
        make_image(i);
    }
    capacity = sizes[below(sizeof sizes / sizeof sizes[0])] / (uint32_t)sizeof(void *) * (uint32_t)sizeof(void *);
    void *memory = take_memory(capacity);
    mcu_delta_cache_init(&cache, memory, capacity);
    model_count = 0;
    model_clock = 0;
    for (unsigned step = 0; step < STEPS; step++) {
        const unsigned i = below(IMAGES);
        const unsigned action = below(4);
        if (action == 0) {
            const void *image = images[i];
            mcu_delta_cache_forget(&cache, image);
            for (uint32_t e = model_count; e-- > 0;) {
                if (model[e].image == image) {
                    model_drop(e);
                }
            }
            if (mcu_delta_detach(&abi, attached, &set, image) == MCU_OK) {
                make_image(i); /* another image takes its place */
            }
        } else if (action == 1) {
            const int status = mcu_delta_attach(&abi, attached, &set, images[i], image_bytes[i]);
            CHECK(status == MCU_OK || status == MCU_DELTA_ERROR_ATTACHED || status == MCU_DELTA_ERROR_CONFLICT);
        } else {
            (void)mcu_delta_select(&abi, attached, &set, below(1u << set.attached));
        }
        mcu_delta_cache_prepare(&cache, &abi, attached, set.active);
        model_prepare(attached, &set);
        compare_entries(&cache);
        compare_outputs(&cache, attached, set.active);
    }
    give_memory(memory);
    result[DONE]++;
}

int mcu_harness_main(int first_seed)
{
    seed = (uint32_t)first_seed;
    for (unsigned i = 0; i < SEQUENCES; i++) {
        sequence();
    }
    return mcu_platform_write(mcu_platform_open("out.bin", 1), result, sizeof result);
}
