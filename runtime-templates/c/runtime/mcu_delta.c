/* Delta images in place: see mcu_delta.h. An image is hostile until mcu_delta_validate has passed it. */
#include "mcu_delta.h"
#include "mcu_crc32.h"
#include "mcu_sparse.h"
#include <string.h>

#define HEADER_BYTES 64u
#define LARGEST_BODY 262140u
#define TRAILER_HEADER_BYTES 4u
#define FAST_LIMIT (1u << 30)
#define LIMIT ((1u << 31) - 256u) /* leaves room for the output's zero point */
#define LARGEST_START (1 << 30)
#define BAD_PADDING UINT32_MAX

enum { BIAS = 1, REQUANT = 2, WEIGHTS = 4, LORA = 8, SPARSE = 16, MORE = 128 };

/* Offsets of a record's sections in the image; those that are not there are not set. */
typedef struct {
    uint32_t sections, rank, sparse_bytes;
    uint32_t bias, multiplier, shift, weights;
    uint32_t a_multiplier, a_bias, a, b, a_shift, b_shift;
    uint32_t sparse;
} record;

static uint32_t up4(uint32_t bytes)
{
    return (bytes + 3u) & ~3u;
}

/* Whether matrices of this layer are stored in pairs of rows, four columns at a time. */
static int is_paired(const mcu_delta_abi *abi, const mcu_delta_layer *layer)
{
    return abi->packing == 1 && layer->kind == MCU_DELTA_MATRIX;
}

static uint32_t padded_rows(uint32_t rows, int paired)
{
    return paired ? (rows + 1u) & ~1u : rows;
}

static uint32_t padded_columns(uint32_t columns, int paired)
{
    return paired ? up4(columns) : columns;
}

/* Where a record's sections lie; reads no more than its first four bytes. Returns the record's end. */
static uint32_t lay_out(const mcu_delta_abi *abi, const mcu_delta_layer *layer, const uint8_t *image, uint32_t at,
                        record *r)
{
    const int paired = is_paired(abi, layer);
    const uint32_t outputs = layer->shape->outputs;
    const uint32_t rows = padded_rows(outputs, paired);
    const uint32_t depth = layer->shape->depth_padded;
    const uint32_t rank = image[at + 1u];
    r->sections = image[at];
    r->rank = rank;
    r->sparse_bytes = image[at + 2u] | (uint32_t)image[at + 3u] << 8;
    at += 4;
    if (r->sections & BIAS) {
        r->bias = at;
        at += 4u * rows;
    }
    if (r->sections & REQUANT) {
        r->multiplier = at;
        r->shift = at + 4u * outputs;
        at = up4(r->shift + outputs);
    }
    if (r->sections & WEIGHTS) {
        r->weights = at;
        at = up4(at + rows * depth);
    }
    if (r->sections & LORA) {
        r->a_multiplier = at;
        r->a_bias = at + 4u * rank;
        r->a = r->a_bias + 4u * padded_rows(rank, paired);
        r->b = r->a + padded_rows(rank, paired) * depth;
        r->a_shift = r->b + rows * padded_columns(rank, paired);
        r->b_shift = r->a_shift + rank;
        at = up4(r->b_shift + outputs);
    }
    r->sparse = at;
    return up4(at + r->sparse_bytes);
}

static const uint16_t *directory_of(const void *image)
{
    const mcu_delta_header *header = image;
    return (const uint16_t *)(const void *)(mcu_delta_tests(image) + header->self_tests);
}

/* A record by itself, before its end is known to lie in the image. */
static int is_well_formed(const mcu_delta_layer *layer, const record *r, int continues)
{
    const uint32_t known = layer->kind == MCU_DELTA_MATRIX ? BIAS | REQUANT | WEIGHTS | LORA | SPARSE | MORE
                                                           : BIAS | REQUANT | WEIGHTS | SPARSE;
    const uint32_t needed = continues ? LORA : (r->sections & WEIGHTS ? BIAS | REQUANT : 0u);
    const uint32_t allowed = continues ? LORA | MORE : known;
    return (r->sections & ~(uint32_t)MORE) != 0 && (r->sections & ~allowed) == 0 && (r->sections & needed) == needed &&
           (r->rank != 0) == ((r->sections & LORA) != 0) && (r->sparse_bytes != 0) == ((r->sections & SPARSE) != 0) &&
           (r->sparse_bytes & 1u) == 0;
}

static int check_records(const mcu_delta_abi *abi, const mcu_delta_layer *layer, const uint8_t *image, uint32_t body,
                         uint32_t *at)
{
    record r;
    int continues = 0;
    do {
        if (*at + 4u > body) {
            return MCU_DELTA_ERROR_DIRECTORY;
        }
        const uint32_t end = lay_out(abi, layer, image, *at, &r);
        if (!is_well_formed(layer, &r, continues)) {
            return MCU_DELTA_ERROR_RECORD;
        }
        if (end > body) {
            return MCU_DELTA_ERROR_DIRECTORY;
        }
        *at = end;
        continues = 1;
    } while (r.sections & MORE);
    return MCU_OK;
}

/* Every record lies exactly where the one before ends. */
static int check_directory(const mcu_delta_abi *abi, const void *image, uint32_t body)
{
    const uint16_t *directory = directory_of(image);
    uint32_t at = (uint32_t)((const uint8_t *)directory - (const uint8_t *)image) + up4(2u * abi->layer_count);
    if (at > body) {
        return MCU_DELTA_ERROR_DIRECTORY;
    }
    for (unsigned i = 0; i < abi->layer_count; i++) {
        if (directory[i] != 0) {
            const int status = 4u * directory[i] != at ? MCU_DELTA_ERROR_DIRECTORY
                                                       : check_records(abi, &abi->layers[i], image, body, &at);
            if (status != MCU_OK) {
                return status;
            }
        }
    }
    return at == body ? MCU_OK : MCU_DELTA_ERROR_DIRECTORY;
}

int mcu_delta_check_body(const void *image, size_t bytes)
{
    const mcu_delta_header *header = image;
    if ((uintptr_t)image % 4u != 0) {
        return MCU_DELTA_ERROR_ALIGNMENT;
    }
    if (bytes < HEADER_BYTES) {
        return MCU_DELTA_ERROR_SIZE;
    }
    if (memcmp(header->magic, "MCUD", 4) != 0) {
        return MCU_DELTA_ERROR_MAGIC;
    }
    if (header->format != 1 || header->flags != 0 || header->reserved != 0) {
        return MCU_DELTA_ERROR_FORMAT;
    }
    const uint32_t body = header->body_bytes;
    if (body % 4u != 0 || body < HEADER_BYTES || body > LARGEST_BODY || body > bytes) {
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

/* sum |w| of a row of a packed matrix; BAD_PADDING where a padded column is not zero: kernels read it times anything. */
static uint32_t row_sum(const int8_t *matrix, uint32_t row, uint32_t columns, int paired)
{
    const uint32_t stride = padded_columns(columns, paired);
    uint32_t sum = 0;
    for (uint32_t k = 0; k < stride; k++) {
        const uint32_t at = paired ? (row & ~1u) * stride + 2u * (k & ~3u) + 4u * (row & 1u) + (k & 3u) : row * stride + k;
        const int w = matrix[at];
        if (w != 0 && k >= columns) {
            return BAD_PADDING;
        }
        sum += (uint32_t)(w < 0 ? -w : w);
    }
    return sum;
}

static int check_scales(const mcu_linear_shape *shape, const mcu_linear *linear)
{
    const int32_t smallest = shape->fast ? (int32_t)FAST_LIMIT : 0;
    const int low = shape->fast ? 1 : 0;
    const int high = shape->fast ? 22 : 31;
    for (unsigned o = 0; o < shape->outputs; o++) {
        if (linear->multiplier[o] < smallest || linear->shift[o] < low || linear->shift[o] > high) {
            return MCU_DELTA_ERROR_RANGE;
        }
    }
    return MCU_OK;
}

/* What does not depend on the output: A, its scales and start values. */
static int check_projection(const mcu_linear_shape *shape, const mcu_lora *lora, int paired)
{
    for (uint32_t r = 0; r < lora->rank; r++) {
        if (row_sum(lora->a, r, shape->depth, paired) == BAD_PADDING) {
            return MCU_DELTA_ERROR_PADDING;
        }
        if (lora->a_bias[r] < -LARGEST_START || lora->a_bias[r] > LARGEST_START || lora->a_multiplier[r] < 0 ||
                   (uint8_t)lora->a_shift[r] > 31) {
            return MCU_DELTA_ERROR_RANGE;
        }
    }
    for (unsigned o = 0; o < shape->outputs; o++) {
        if (lora->b_shift[o] > 31) {
            return MCU_DELTA_ERROR_RANGE;
        }
    }
    return MCU_OK;
}

/* Largest 128 * sum |w| of replaced weights; BAD_PADDING as row_sum. */
static uint32_t largest_input(const mcu_linear_shape *shape, const int8_t *weights, int paired)
{
    uint32_t largest = 0;
    for (uint32_t o = 0; o < shape->outputs; o++) {
        const uint32_t sum = row_sum(weights, o, shape->depth, paired);
        if (sum == BAD_PADDING) {
            return BAD_PADDING;
        }
        largest = sum > largest ? sum : largest;
    }
    return 128u * largest;
}

/* No accumulator, nor any sum on the way to it, reaches the limit. */
static int check_accumulators(const mcu_delta_layer *layer, const mcu_linear *linear, int paired, uint32_t largest)
{
    const mcu_linear_shape *shape = layer->shape;
    mcu_sparse_walk walk;
    mcu_sparse_open(&walk, linear->sparse);
    for (uint32_t o = 0; o < shape->outputs; o++) {
        const int32_t bias = linear->bias[o];
        uint64_t bound = (uint64_t)largest + (bias < 0 ? 0u - (uint32_t)bias : (uint32_t)bias);
        for (const mcu_lora *lora = linear->lora; lora != NULL; lora = lora->next) {
            const uint32_t sum = row_sum(lora->b, o, lora->rank, paired);
            if (sum == BAD_PADDING) {
                return MCU_DELTA_ERROR_PADDING;
            }
            bound += (sum * 32768u >> lora->b_shift[o]) + 1u;
        }
        for (unsigned i = 0; i < walk.count; i++) {
            int32_t difference;
            while (mcu_sparse_next(&walk.cursors[i], shape->depth, &difference) >= 0) {
                bound += 255u * (uint32_t)(difference < 0 ? -difference : difference);
            }
        }
        if (bound >= (shape->fast ? FAST_LIMIT : LIMIT)) {
            return MCU_DELTA_ERROR_OVERFLOW;
        }
    }
    for (unsigned i = 0; i < walk.count; i++) {
        if (walk.cursors[i].at != walk.cursors[i].end) {
            return MCU_DELTA_ERROR_RANGE;
        }
    }
    return MCU_OK;
}

#if !defined(__ARM_FEATURE_DSP)
/* The padded row of pairs of rows is computed and dropped: in C, unlike in the DSP kernels, even that must not overflow. */
static int is_padded_with_zeros(const mcu_linear_shape *shape, const mcu_linear *linear)
{
    const uint32_t outputs = shape->outputs;
    const int is_odd = (outputs & 1u) != 0;
    int is_zero = !is_odd || (linear->bias[outputs] == 0 && row_sum(linear->weights, outputs, shape->depth, 1) == 0);
    for (const mcu_lora *lora = linear->lora; lora != NULL; lora = lora->next) {
        is_zero &= !is_odd || row_sum(lora->b, outputs, lora->rank, 1) == 0;
        is_zero &= (lora->rank & 1u) == 0 || (lora->a_bias[lora->rank] == 0 && row_sum(lora->a, lora->rank, shape->depth, 1) == 0);
    }
    return is_zero;
}
#endif

static int check_linear(const mcu_delta_abi *abi, const mcu_delta_layer *layer, const mcu_linear *linear)
{
    const int paired = is_paired(abi, layer);
    const int is_new = linear->weights != layer->base->weights;
    const uint32_t largest = is_new ? largest_input(layer->shape, linear->weights, paired) : layer->largest_input;
    int status = largest == BAD_PADDING ? MCU_DELTA_ERROR_PADDING : MCU_OK;
#if !defined(__ARM_FEATURE_DSP)
    if (paired && !is_padded_with_zeros(layer->shape, linear)) {
        return MCU_DELTA_ERROR_PADDING;
    }
#endif
    if (status == MCU_OK && linear->multiplier != layer->base->multiplier) {
        status = check_scales(layer->shape, linear);
    }
    for (const mcu_lora *lora = linear->lora; lora != NULL && status == MCU_OK; lora = lora->next) {
        status = check_projection(layer->shape, lora, paired);
    }
    return status != MCU_OK ? status : check_accumulators(layer, linear, paired, largest);
}

/* What another image may not bring for the same layer. */
static uint32_t excluded(uint32_t sections)
{
    return (sections & (BIAS | REQUANT | WEIGHTS)) | (sections & REQUANT ? LORA | SPARSE | BIAS : 0u);
}

static void add_lora(mcu_delta_view *view, mcu_lora *term, const uint8_t *image, const record *r, int paired)
{
    term->a = (const int8_t *)(image + r->a);
    term->a_bias = (const int32_t *)(const void *)(image + r->a_bias);
    term->a_multiplier = (const int32_t *)(const void *)(image + r->a_multiplier);
    term->a_shift = (const int8_t *)(image + r->a_shift);
    term->b = (const int8_t *)(image + r->b);
    term->b_shift = image + r->b_shift;
    term->rank = (uint16_t)r->rank;
    term->rank_padded = (uint16_t)padded_columns(r->rank, paired);
    term->next = view->linear.lora;
    view->linear.lora = term;
}

static void add_sections(mcu_delta_view *view, mcu_sparse *term, const uint8_t *image, const record *r)
{
    mcu_linear *linear = &view->linear;
    if (r->sections & BIAS) {
        linear->bias = (const int32_t *)(const void *)(image + r->bias);
    }
    if (r->sections & REQUANT) {
        linear->multiplier = (const int32_t *)(const void *)(image + r->multiplier);
        linear->shift = (const int8_t *)(image + r->shift);
    }
    if (r->sections & WEIGHTS) {
        linear->weights = (const int8_t *)(image + r->weights);
    }
    if (r->sections & SPARSE) {
        term->stream = image + r->sparse;
        term->bytes = r->sparse_bytes;
        term->next = linear->sparse;
        linear->sparse = term;
    }
}

/* Terms add in the reverse of the images' order: the sum is the same. *sections: of all images. */
static int fill_view(const mcu_delta_abi *abi, const void *const *images, unsigned active, unsigned index,
                     mcu_delta_view *view, uint32_t *sections)
{
    const mcu_delta_layer *layer = &abi->layers[index];
    const int paired = is_paired(abi, layer);
    unsigned terms = 0;
    uint32_t rows = 0;
    view->linear = *layer->base;
    *sections = 0;
    for (unsigned i = 0; active >> i != 0; i++) {
        const uint8_t *image = images[i];
        uint32_t at = (active >> i & 1u) != 0 ? 4u * directory_of(image)[index] : 0;
        uint32_t mine = 0;
        record r = {.sections = at != 0 ? MORE : 0};
        while (r.sections & MORE) {
            at = lay_out(abi, layer, image, at, &r);
            if (r.sections & LORA) {
                rows += padded_columns(r.rank, paired);
                if (terms == MCU_DELTA_TERMS || rows > layer->lora_rows) {
                    return MCU_DELTA_ERROR_RANK;
                }
                add_lora(view, &view->lora[terms++], image, &r, paired);
            }
            add_sections(view, &view->sparse[i], image, &r);
            mine |= r.sections;
        }
        if ((excluded(mine) & *sections) != 0 || (excluded(*sections) & mine) != 0) {
            return MCU_DELTA_ERROR_CONFLICT;
        }
        *sections |= mine;
    }
    return MCU_OK;
}

/* Images that are valid each by itself, together. */
static int check_together(const mcu_delta_abi *abi, const void *const *images, unsigned active)
{
    for (unsigned i = 0; i < abi->layer_count; i++) {
        mcu_delta_view view;
        uint32_t sections;
        int status = fill_view(abi, images, active, i, &view, &sections);
        if (status == MCU_OK && sections != 0) {
            status = check_linear(abi, &abi->layers[i], &view.linear);
        }
        if (status != MCU_OK) {
            return status;
        }
    }
    return MCU_OK;
}

int mcu_delta_validate(const mcu_delta_abi *abi, const void *image, size_t bytes)
{
    const mcu_delta_header *header = image;
    int status = mcu_delta_check_body(image, bytes);
    if (status != MCU_OK) {
        return status;
    }
    if (memcmp(header->base, abi->base, sizeof abi->base) != 0) {
        return MCU_DELTA_ERROR_BASE;
    }
    if (memcmp(header->abi, abi->abi, sizeof abi->abi) != 0) {
        return MCU_DELTA_ERROR_ABI;
    }
    if (header->layers != abi->layer_count) {
        return MCU_DELTA_ERROR_DIRECTORY;
    }
    status = check_directory(abi, image, header->body_bytes);
    return status != MCU_OK ? status : check_together(abi, &image, 1);
}

int mcu_delta_select(const mcu_delta_abi *abi, const void *const *images, mcu_delta_set *set, unsigned mask)
{
    if (mask >> set->attached != 0) {
        return MCU_DELTA_ERROR_ATTACHED;
    }
    const int status = (mask & (mask - 1u)) == 0 ? MCU_OK : check_together(abi, images, mask);
    if (status == MCU_OK) {
        set->active = (uint8_t)mask;
    }
    return status;
}

int mcu_delta_attach(const mcu_delta_abi *abi, const void **images, mcu_delta_set *set, const void *image, size_t bytes)
{
    const unsigned count = set->attached;
    if (image == NULL) {
        return MCU_ERROR_ARGUMENT;
    }
    for (unsigned i = 0; i < count; i++) {
        if (images[i] == image) {
            return MCU_DELTA_ERROR_ATTACHED;
        }
    }
    if (count == abi->images) {
        return MCU_DELTA_ERROR_FULL;
    }
    int status = mcu_delta_validate(abi, image, bytes);
    if (status == MCU_OK) {
        images[count] = image;
        set->attached = (uint8_t)(count + 1u);
        status = mcu_delta_select(abi, images, set, set->active | 1u << count);
        if (status != MCU_OK) {
            set->attached = (uint8_t)count;
        }
    }
    return status;
}

int mcu_delta_detach(const mcu_delta_abi *abi, const void **images, mcu_delta_set *set, const void *image)
{
    unsigned i = 0;
    while (i < set->attached && images[i] != image) {
        i++;
    }
    if (i == set->attached) {
        return MCU_DELTA_ERROR_ATTACHED;
    }
    const unsigned below = (1u << i) - 1u;
    const unsigned active = (set->active & below) | (set->active >> 1 & ~below);
    for (set->attached--; i < set->attached; i++) {
        images[i] = images[i + 1u];
    }
    set->active = 0;
    return mcu_delta_select(abi, images, set, active);
}

const mcu_linear *mcu_delta_view_of(const mcu_delta_abi *abi, const void *const *images, unsigned active, unsigned layer,
                                    mcu_delta_view *view)
{
    uint32_t sections;
    (void)fill_view(abi, images, active, layer, view, &sections);
    return sections != 0 ? &view->linear : abi->layers[layer].base;
}

const mcu_delta_test *mcu_delta_tests(const void *image)
{
    const mcu_delta_header *header = image;
    return (const mcu_delta_test *)(const void *)((const uint8_t *)image + HEADER_BYTES + 16u * header->parents);
}

void mcu_delta_test_input(uint32_t seed, int8_t *input, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        seed = seed * 1664525u + 1013904223u;
        input[i] = (int8_t)(uint8_t)(seed >> 24);
    }
}
