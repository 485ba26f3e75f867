/* Validation of delta images. An image is hostile until mcu_delta_validate has passed it. */
#include "mcu_crc32.h"
#include "mcu_delta_image.h"
#include "mcu_sparse.h"
#include <string.h>

#define LARGEST_BODY 262140u
#define TRAILER_HEADER_BYTES 4u
#define FAST_LIMIT (1u << 30)
#define LIMIT ((1u << 31) - 256u) /* leaves room for the output's zero point */
#define LARGEST_START (1u << 30)
#define LARGEST_NORMAL 32769u /* what gamma is multiplied by */

int mcu_delta_check_body(const void *image, size_t bytes)
{
    const mcu_delta_header *header = image;
    if ((uintptr_t)image % 4u != 0) {
        return MCU_DELTA_ERROR_ALIGNMENT;
    }
    if (bytes < MCU_DELTA_HEADER_BYTES) {
        return MCU_DELTA_ERROR_SIZE;
    }
    if (header->magic != MCU_DELTA_MAGIC) {
        return MCU_DELTA_ERROR_MAGIC;
    }
    if (header->format != 1 || header->flags != 0 || header->reserved != 0) {
        return MCU_DELTA_ERROR_FORMAT;
    }
    const uint32_t body = header->body_bytes;
    if (body % 4u != 0 || body < MCU_DELTA_HEADER_BYTES || body > LARGEST_BODY || body > bytes) {
        return MCU_DELTA_ERROR_SIZE;
    }
    if (bytes != body) {
        const uint8_t *trailer = (const uint8_t *)image + body;
        if (bytes - body < TRAILER_HEADER_BYTES || trailer[0] != 'S' || trailer[1] != 'G' ||
            bytes - body != up4(TRAILER_HEADER_BYTES + (uint32_t)trailer[2] + ((uint32_t)trailer[3] << 8))) {
            return MCU_DELTA_ERROR_SIZE;
        }
    }
    const uint32_t crc = mcu_crc32(mcu_crc32(0, image, 12), (const uint8_t *)image + 16, body - 16u);
    return crc == header->crc32 ? MCU_OK : MCU_DELTA_ERROR_CRC;
}

/* What a layer's constants must keep to, and the last reason why they do not. */
typedef struct {
    const mcu_linear_shape *shape;
    unsigned paired;
    int is_norm;
    int status;
} layer_check;

/* sum |w| of a row of a packed matrix. Padded columns must be zero: kernels read them times anything. */
static uint32_t row_sum(layer_check *check, const int8_t *matrix, uint32_t row, uint32_t columns)
{
    const uint32_t paired = check->paired;
    const uint32_t stride = padded_columns(columns, paired);
    const uint32_t in_groups = paired ? ~3u : 0u;
    uint32_t sum = 0;
    matrix += (row & ~paired) * stride + 4u * (row & paired);
    for (uint32_t k = 0; k < stride; k++) {
        const int w = matrix[k + (k & in_groups)];
        if (w != 0 && k >= columns) {
            check->status = MCU_DELTA_ERROR_PADDING;
        }
        sum += (uint32_t)(w < 0 ? -w : w);
    }
    return sum;
}

/* Multipliers and shifts to the right: those that a fast layer takes, or any. */
static MCU_NOINLINE void check_scales(layer_check *check, const int32_t *multiplier, const int8_t *shift, unsigned count, int fast)
{
    for (unsigned i = 0; i < count; i++) {
        if (multiplier[i] < (fast ? (int32_t)FAST_LIMIT : 0) || shift[i] < (fast ? 1 : 0) || shift[i] > (fast ? 22 : 31)) {
            check->status = MCU_DELTA_ERROR_RANGE;
        }
    }
}

/* What does not depend on the output: A, its scales and start values. */
static void check_projection(layer_check *check, const mcu_lora *lora)
{
    for (uint32_t r = 0; r < lora->rank; r++) {
        (void)row_sum(check, lora->a, r, check->shape->depth);
        if ((uint32_t)lora->a_bias[r] + LARGEST_START > 2u * LARGEST_START) {
            check->status = MCU_DELTA_ERROR_RANGE;
        }
    }
    check_scales(check, lora->a_multiplier, lora->a_shift, lora->rank, 0);
}

/* Largest 128 * sum |w| over the outputs. */
static uint32_t largest_input(layer_check *check, const int8_t *weights)
{
    uint32_t largest = 0;
    for (uint32_t o = 0; o < check->shape->outputs; o++) {
        const uint32_t sum = row_sum(check, weights, o, check->shape->depth);
        largest = sum > largest ? sum : largest;
    }
    return 128u * largest;
}

/* No accumulator, nor any sum on the way to it, reaches the limit. */
static void check_accumulators(layer_check *check, const mcu_delta_view *view)
{
    const mcu_linear_shape *shape = check->shape;
    uint32_t largest = check->is_norm ? 0 : largest_input(check, view->linear.weights);
    mcu_sparse_walk walk;
    mcu_sparse_open(&walk, view->terms.sparse);
    for (uint32_t o = 0; o < shape->outputs; o++) {
        const int32_t bias = view->linear.bias[o];
        if (check->is_norm) {
            const int32_t gamma = ((const int16_t *)(const void *)view->linear.weights)[o];
            largest = LARGEST_NORMAL * (uint32_t)(gamma < 0 ? -gamma : gamma);
        }
        uint64_t bound = (uint64_t)largest + (bias < 0 ? 0u - (uint32_t)bias : (uint32_t)bias);
        for (const mcu_lora *lora = view->terms.lora; lora != NULL; lora = lora->next) {
            const uint32_t shift = lora->b_shift[o];
            if (shift > 31) {
                check->status = MCU_DELTA_ERROR_RANGE;
            }
            bound += (row_sum(check, lora->b, o, lora->rank) * 32768u >> (shift & 31u)) + 1u;
        }
        for (unsigned i = 0; i < walk.count; i++) {
            int32_t difference;
            while (mcu_sparse_next(&walk.cursors[i], shape->depth, &difference) >= 0) {
                bound += 255u * (uint32_t)(difference < 0 ? -difference : difference);
            }
        }
        if (bound >= (shape->fast ? FAST_LIMIT : LIMIT)) {
            check->status = MCU_DELTA_ERROR_OVERFLOW;
        }
    }
    for (unsigned i = 0; i < walk.count; i++) {
        if (walk.cursors[i].at != walk.cursors[i].end) {
            check->status = MCU_DELTA_ERROR_RANGE;
        }
    }
}

#if !defined(__ARM_FEATURE_DSP)
/* The padded row of pairs of rows is computed and dropped: in C, unlike in the DSP kernels, even that must not overflow. */
static void check_padded_rows(layer_check *check, const mcu_delta_view *view)
{
    const uint32_t outputs = check->shape->outputs;
    const uint32_t depth = check->shape->depth;
    int is_zero = 1;
    if ((outputs & 1u) != 0) {
        is_zero = view->linear.bias[outputs] == 0 && row_sum(check, view->linear.weights, outputs, depth) == 0;
    }
    for (const mcu_lora *lora = view->terms.lora; lora != NULL; lora = lora->next) {
        const uint32_t rank = lora->rank;
        is_zero &= (outputs & 1u) == 0 || row_sum(check, lora->b, outputs, rank) == 0;
        is_zero &= (rank & 1u) == 0 || (lora->a_bias[rank] == 0 && row_sum(check, lora->a, rank, depth) == 0);
    }
    if (!is_zero) {
        check->status = MCU_DELTA_ERROR_PADDING;
    }
}
#endif

static MCU_NOINLINE int check_linear(const mcu_delta_abi *abi, const mcu_delta_layer *layer, const mcu_delta_view *view)
{
    layer_check check = {layer->shape, is_paired(abi, layer), layer->kind == MCU_DELTA_NORM, MCU_OK};
    if (view->linear.multiplier != layer->base->multiplier) {
        check_scales(&check, view->linear.multiplier, view->linear.shift, scales_of(layer), layer->shape->fast);
    }
    for (const mcu_lora *lora = view->terms.lora; lora != NULL; lora = lora->next) {
        check_projection(&check, lora);
    }
#if !defined(__ARM_FEATURE_DSP)
    if (check.paired) {
        check_padded_rows(&check, view);
    }
#endif
    if (check.status == MCU_OK) {
        check_accumulators(&check, view);
    }
    return check.status;
}

int mcu_delta_check_layers(const mcu_delta_abi *abi, const void *const *images, unsigned active, uint32_t records)
{
    const mcu_delta_header *header = images[0];
    const uint16_t *directory = directory_of(header);
    const int is_new = records != 0;
    uint32_t at = records;
    for (unsigned i = 0; i < abi->layer_count; i++) {
        mcu_delta_view view;
        if (is_new && directory[i] != 0 && 4u * directory[i] != at) {
            return MCU_DELTA_ERROR_DIRECTORY;
        }
        int status = mcu_delta_fill(abi, images, active, i, &view);
        if (status == MCU_OK && view.sections != 0) {
            at = view.end;
            status = check_linear(abi, &abi->layers[i], &view);
        }
        if (status != MCU_OK) {
            return status;
        }
    }
    return is_new && at != header->body_bytes ? MCU_DELTA_ERROR_DIRECTORY : MCU_OK;
}

int mcu_delta_validate(const mcu_delta_abi *abi, const void *image, size_t bytes)
{
    const mcu_delta_header *header = image;
    const int status = mcu_delta_check_body(image, bytes);
    if (status != MCU_OK) {
        return status;
    }
    if (memcmp(header->base, abi->base, sizeof abi->base) != 0) {
        return MCU_DELTA_ERROR_BASE;
    }
    if (memcmp(header->abi, abi->abi, sizeof abi->abi) != 0) {
        return MCU_DELTA_ERROR_ABI;
    }
    const uint32_t records = (uint32_t)((const uint8_t *)directory_of(image) - (const uint8_t *)image) + up4(2u * abi->layer_count);
    return header->layers != abi->layer_count || records > header->body_bytes ? MCU_DELTA_ERROR_DIRECTORY
                                                                              : mcu_delta_check_layers(abi, &image, 1, records);
}
