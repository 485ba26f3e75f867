/*
 * The limits of docs/DELTA-FORMAT.md at their edges, on layers of 2 outputs and 4 inputs: matrix and depthwise, on and beside the fast
 * path, in both packings. Every image is written here byte by byte, and every bound computed from the formula of the format.
 */
#include "mcu_crc32.h"
#include "mcu_delta.h"
#include "mcu_linear__c.h"
#include "restart.h"
#include <string.h>

#define OUTPUTS 2
#define DEPTH 4
#define W (128 * (100 + 128 + 1 + 2)) /* the largest row; the other is smaller */

static const int8_t weights[OUTPUTS * DEPTH] = {100, -128, 1, 2, 3, -4, 5, -6};
static const int32_t bias[OUTPUTS] = {10, -10};
static const int32_t multiplier[OUTPUTS] = {1 << 30, 1 << 30};
static const int8_t shift[OUTPUTS] = {7, 7};
static const mcu_linear base = {weights, bias, multiplier, shift, NULL};
static mcu_linear_shape shape = {DEPTH, DEPTH, OUTPUTS, 3, -3, -128, 127, 0};
static mcu_delta_layer layer = {&shape, &base, 8, MCU_DELTA_MATRIX};

static unsigned failures, line_of_first, checks;

/* What an image holds; zeros are what every limit allows. */
typedef struct {
    uint8_t sections;
    int32_t bias[OUTPUTS];
    int32_t multiplier[OUTPUTS];
    int8_t shift[OUTPUTS];
    int8_t weights[OUTPUTS * DEPTH];
    int32_t a_multiplier, a_bias;
    int8_t a_shift, b[OUTPUTS];
    uint8_t b_shift[OUTPUTS];
    uint8_t pairs[8]; /* gap and difference */
    uint8_t pair_bytes;
} content;

enum { BIAS = 1, REQUANT = 2, WEIGHTS = 4, LORA = 8, SPARSE = 16 };

static uint8_t *put(uint8_t *at, const void *from, size_t bytes)
{
    memcpy(at, from, bytes);
    return at + bytes;
}

static uint8_t *pad(uint8_t *image, uint8_t *at)
{
    return image + (((size_t)(at - image) + 3u) & ~(size_t)3u);
}

static uint32_t write_image(uint8_t *image, const content *c, const mcu_delta_abi *abi)
{
    const uint16_t record = 68 / 4;
    memset(image, 0, 256);
    memcpy(image, "MCUD\1\0\1", 7);
    put(put(image + 16, abi->base, 16), abi->abi, 16);
    put(image + 64, &record, 2);
    uint8_t *at = image + 68;
    *at++ = c->sections;
    *at++ = (c->sections & LORA) != 0;
    *at++ = c->pair_bytes;
    *at++ = 0;
    if (c->sections & BIAS) {
        at = put(at, c->bias, sizeof c->bias);
    }
    if (c->sections & REQUANT) {
        at = pad(image, put(put(at, c->multiplier, sizeof c->multiplier), c->shift, OUTPUTS));
    }
    if (c->sections & WEIGHTS) {
        at = put(at, c->weights, sizeof c->weights); /* pairs of rows, four columns at a time: the plain order, of this size */
    }
    if (c->sections & LORA) {
        static const int8_t a[DEPTH] = {1, -1, 2, -2};
        at = put(put(at, &c->a_multiplier, 4), &c->a_bias, 4);
        at += 4u * abi->packing; /* start value of the padded row */
        at = put(at, a, DEPTH) + (size_t)DEPTH * abi->packing;
        for (unsigned o = 0; o < OUTPUTS; o++) {
            *at = (uint8_t)c->b[o];
            at += abi->packing ? 4 : 1;
        }
        *at++ = (uint8_t)c->a_shift;
        at = pad(image, put(at, c->b_shift, OUTPUTS));
    }
    at = pad(image, put(at, c->pairs, c->pair_bytes));
    const uint32_t bytes = (uint32_t)(at - image);
    put(image + 8, &bytes, 4);
    const uint32_t crc = mcu_crc32(mcu_crc32(0, image, 12), image + 16, bytes - 16u);
    put(image + 12, &crc, 4);
    return bytes;
}

static void expect(int wanted, const content *one, const content *other, unsigned packing, unsigned line)
{
    static uint32_t images[2][64];
    const void *attached[MCU_TERMS];
    mcu_delta_set set = {0, 0};
    mcu_delta_abi abi;
    memset(&abi, 0x5A, sizeof abi);
    abi.layers = &layer;
    abi.layer_count = 1;
    abi.packing = (uint8_t)packing;
    abi.images = 2;
    int status = mcu_delta_attach(&abi, attached, &set, images[0], write_image((uint8_t *)images[0], one, &abi));
    if (other != NULL && status == MCU_OK) {
        status = mcu_delta_attach(&abi, attached, &set, images[1], write_image((uint8_t *)images[1], other, &abi));
    }
    checks++;
    if (status != wanted && failures++ == 0) {
        line_of_first = line;
    }
}

#define EXPECT(wanted, ...) expect((wanted), &(content){__VA_ARGS__}, NULL, packing, __LINE__)
#define BESIDE(wanted, first, ...) expect((wanted), &(first), &(content){__VA_ARGS__}, packing, __LINE__)
#define TERMS .a_multiplier = 1 << 30, .a_shift = 5

static void accumulators(unsigned packing, int32_t limit)
{
    const int depthwise = layer.kind == MCU_DELTA_DEPTHWISE;
    EXPECT(0, .sections = BIAS, .bias = {0, limit - W - 1});
    EXPECT(0, .sections = BIAS, .bias = {W + 1 - limit, 0});
    EXPECT(MCU_DELTA_ERROR_OVERFLOW, .sections = BIAS, .bias = {0, limit - W});
    EXPECT(MCU_DELTA_ERROR_OVERFLOW, .sections = BIAS, .bias = {W - limit, 0});
    EXPECT(MCU_DELTA_ERROR_OVERFLOW, .sections = BIAS, .bias = {INT32_MIN, 0});
    const int32_t replaced = 128 * 4 * 128;
    EXPECT(0, .sections = BIAS | REQUANT | WEIGHTS, .bias = {limit - replaced - 1, 0}, .multiplier = {1 << 30, 1 << 30}, .shift = {1, 1},
           .weights = {0, 0, 0, 0, -128, -128, -128, -128});
    EXPECT(MCU_DELTA_ERROR_OVERFLOW, .sections = BIAS | REQUANT | WEIGHTS, .bias = {limit - replaced, 0},
           .multiplier = {1 << 30, 1 << 30}, .shift = {1, 1}, .weights = {0, 0, 0, 0, -128, -128, -128, -128});
    const int32_t pairs = 255 * (128 + 127);
    EXPECT(0, .sections = BIAS | SPARSE, .bias = {limit - W - pairs - 1, 0}, .pairs = {1, 0x80, 2, 127}, .pair_bytes = 4);
    EXPECT(MCU_DELTA_ERROR_OVERFLOW, .sections = BIAS | SPARSE, .bias = {limit - W - pairs, 0}, .pairs = {1, 0x80, 2, 127}, .pair_bytes = 4);
    EXPECT(0, .sections = BIAS | SPARSE, .bias = {limit - W - 1, 0}, .pairs = {4, 0x80, 2, 127}, .pair_bytes = 4); /* the other row */
    const content shifted = {.sections = BIAS, .bias = {limit - W - pairs, 0}};
    BESIDE(MCU_DELTA_ERROR_OVERFLOW, shifted, .sections = SPARSE, .pairs = {1, 0x80, 2, 127}, .pair_bytes = 4);
    BESIDE(0, shifted, .sections = SPARSE, .pairs = {1, 0x80, 2, 126}, .pair_bytes = 4);
    if (!depthwise) {
        const int32_t term = (128 * 32768 >> 3) + 1;
        EXPECT(0, .sections = BIAS | LORA, .bias = {limit - W - term - 1, 0}, .b = {-128, 5}, .b_shift = {3, 0}, TERMS);
        EXPECT(MCU_DELTA_ERROR_OVERFLOW, .sections = BIAS | LORA, .bias = {limit - W - term, 0}, .b = {-128, 5}, .b_shift = {3, 0}, TERMS);
        const content moved = {.sections = BIAS, .bias = {0, limit - W - term}};
        BESIDE(MCU_DELTA_ERROR_OVERFLOW, moved, .sections = LORA, .b = {5, -128}, .b_shift = {0, 3}, TERMS);
        BESIDE(0, moved, .sections = LORA, .b = {5, 127}, .b_shift = {0, 3}, TERMS);
        const content low = {.sections = LORA, .b = {-128, 0}, .b_shift = {3, 0}, TERMS};
        BESIDE(MCU_DELTA_ERROR_OVERFLOW, low, .sections = BIAS | LORA, .bias = {limit - W - 2 * term, 0}, .b = {-128, 0}, .b_shift = {3, 0}, TERMS);
        BESIDE(0, low, .sections = BIAS | LORA, .bias = {limit - W - 2 * term - 1, 0}, .b = {-128, 0}, .b_shift = {3, 0}, TERMS);
    }
}

static void ranges(unsigned packing, int fast)
{
    const int range = MCU_DELTA_ERROR_RANGE;
    EXPECT(0, .sections = REQUANT, .multiplier = {1 << 30, INT32_MAX}, .shift = {1, 22});
    EXPECT(fast ? range : 0, .sections = REQUANT, .multiplier = {1 << 30, 0}, .shift = {1, 1});
    EXPECT(fast ? range : 0, .sections = REQUANT, .multiplier = {(1 << 30) - 1, 1 << 30}, .shift = {1, 1});
    EXPECT(fast ? range : 0, .sections = REQUANT, .multiplier = {1 << 30, 1 << 30}, .shift = {0, 1});
    EXPECT(fast ? range : 0, .sections = REQUANT, .multiplier = {1 << 30, 1 << 30}, .shift = {1, 23});
    EXPECT(fast ? range : 0, .sections = REQUANT, .multiplier = {1 << 30, 1 << 30}, .shift = {1, 31});
    EXPECT(range, .sections = REQUANT, .multiplier = {1 << 30, 1 << 30}, .shift = {1, 32});
    EXPECT(range, .sections = REQUANT, .multiplier = {1 << 30, 1 << 30}, .shift = {-1, 1});
    EXPECT(range, .sections = REQUANT, .multiplier = {-1, 1 << 30}, .shift = {1, 1});
    EXPECT(0, .sections = SPARSE, .pairs = {7, 1}, .pair_bytes = 2); /* the last weight */
    EXPECT(range, .sections = SPARSE, .pairs = {8, 1}, .pair_bytes = 2);
    EXPECT(range, .sections = SPARSE, .pairs = {7, 1, 1, 1}, .pair_bytes = 4);
    if (layer.kind == MCU_DELTA_DEPTHWISE) {
        EXPECT(MCU_DELTA_ERROR_RECORD, .sections = LORA, TERMS);
        return;
    }
    EXPECT(0, .sections = LORA, TERMS, .a_bias = 1 << 30);
    EXPECT(range, .sections = LORA, TERMS, .a_bias = (1 << 30) + 1);
    EXPECT(0, .sections = LORA, TERMS, .a_bias = -(1 << 30));
    EXPECT(range, .sections = LORA, TERMS, .a_bias = -(1 << 30) - 1);
    EXPECT(0, .sections = LORA, .a_multiplier = 0, .a_shift = 31);
    EXPECT(0, .sections = LORA, .a_multiplier = INT32_MAX, .a_shift = 0);
    EXPECT(range, .sections = LORA, .a_multiplier = -1, .a_shift = 5);
    EXPECT(range, .sections = LORA, .a_multiplier = 1, .a_shift = 32);
    EXPECT(range, .sections = LORA, .a_multiplier = 1, .a_shift = -1);
    EXPECT(0, .sections = LORA, TERMS, .b_shift = {31, 0});
    EXPECT(range, .sections = LORA, TERMS, .b_shift = {0, 32});
    layer.lora_rows = packing ? 4 : 1;
    EXPECT(0, .sections = LORA, TERMS);
    layer.lora_rows--;
    EXPECT(MCU_DELTA_ERROR_RANK, .sections = LORA, TERMS);
    layer.lora_rows = 8;
}

static void conflicts(unsigned packing)
{
    const content replaced = {.sections = BIAS | REQUANT | WEIGHTS, .multiplier = {1 << 30, 1 << 30}, .shift = {1, 1}};
    const content moved = {.sections = BIAS};
    const content scaled = {.sections = REQUANT, .multiplier = {1 << 30, 1 << 30}, .shift = {1, 1}};
    const content walked = {.sections = SPARSE, .pairs = {0, 1}, .pair_bytes = 2};
    BESIDE(MCU_DELTA_ERROR_CONFLICT, replaced, .sections = BIAS);
    BESIDE(MCU_DELTA_ERROR_CONFLICT, moved, .sections = BIAS);
    BESIDE(MCU_DELTA_ERROR_CONFLICT, scaled, .sections = BIAS);
    BESIDE(MCU_DELTA_ERROR_CONFLICT, scaled, .sections = SPARSE, .pairs = {0, 1}, .pair_bytes = 2);
    BESIDE(MCU_DELTA_ERROR_CONFLICT, walked, .sections = REQUANT, .multiplier = {1 << 30, 1 << 30}, .shift = {1, 1});
    BESIDE(0, moved, .sections = SPARSE, .pairs = {0, 1}, .pair_bytes = 2);
    BESIDE(0, walked, .sections = SPARSE, .pairs = {0, 1}, .pair_bytes = 2);
}

int program_main(uint32_t a, uint32_t b, uint32_t c)
{
    (void)a, (void)b, (void)c;
    for (unsigned i = 0; i < 6; i++) {
        const int fast = i % 2u != 0;
        const unsigned packing = i / 2u == 1;
        shape.fast = (uint8_t)fast;
        layer.kind = i / 2u == 2 ? MCU_DELTA_DEPTHWISE : MCU_DELTA_MATRIX;
        accumulators(packing, fast ? 1 << 30 : INT32_MAX - 255);
        ranges(packing, fast);
        conflicts(packing);
    }
    report("failures %u line %u checks %u\n", failures, line_of_first, checks);
    return 0;
}
