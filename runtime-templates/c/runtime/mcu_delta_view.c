/* The layer constants that delta images give: records are read in place. */
#include "mcu_delta_image.h"

/* A record by itself. */
static int is_well_formed(const mcu_delta_layer *layer, uint32_t sections, uint32_t rank, uint32_t sparse, int continues)
{
    const uint32_t counted = (rank != 0 ? LORA : 0u) | (sparse != 0 ? SPARSE : 0u);
    const int is_norm = layer->kind == MCU_DELTA_NORM;
    uint32_t allowed = BIAS | REQUANT | WEIGHTS | (is_norm ? 0u : (uint32_t)SPARSE);
    uint32_t needed = 0;
    if (layer->kind == MCU_DELTA_MATRIX) {
        allowed |= LORA | MORE;
    }
    if (continues) {
        allowed = LORA | MORE;
    }
    if (continues || (sections & MORE) != 0) {
        needed = LORA;
    }
    if ((sections & WEIGHTS) != 0 && !is_norm) {
        needed |= BIAS | REQUANT;
    }
    return sections != 0 && (sections & ~allowed) == 0 && (sections & needed) == needed &&
           (sections & (LORA | SPARSE)) == counted && (sparse & 1u) == 0;
}

/*
 * Whether two images cannot both change a layer: what replaces something stands alone with it, and new scales stand
 * alone with everything. New weights bring scales, but for gamma.
 */
static int is_conflict(uint32_t one, uint32_t other)
{
    return one != 0 && other != 0 && (((one | other) & REQUANT) | (one & other & (BIAS | WEIGHTS))) != 0;
}

/* A place in an image as a number: it may lie behind the image's end until that is checked. */
typedef uintptr_t place;

static place up4_place(place at)
{
    return (at + 3u) & ~(place)3u;
}

static place read_lora(const mcu_linear_shape *shape, unsigned paired, place at, uint32_t rank, mcu_lora *term)
{
    const uint32_t ranks = padded_rows(rank, paired);
    term->rank = (uint16_t)rank;
    term->rank_padded = (uint16_t)padded_columns(rank, paired);
    term->a_multiplier = (const int32_t *)at;
    at += 4u * rank;
    term->a_bias = (const int32_t *)at;
    at += 4u * ranks;
    term->a = (const int8_t *)at;
    at += ranks * shape->depth_padded;
    term->b = (const int8_t *)at;
    at += padded_rows(shape->outputs, paired) * term->rank_padded;
    term->a_shift = (const int8_t *)at;
    at += rank;
    term->b_shift = (const uint8_t *)at;
    return up4_place(at + shape->outputs);
}

/* What replaces the base's. */
static place read_linear(const mcu_delta_layer *layer, unsigned paired, place at, uint32_t sections, mcu_linear *linear)
{
    const uint32_t rows = padded_rows(layer->shape->outputs, paired);
    const uint32_t scales = scales_of(layer);
    if (sections & BIAS) {
        linear->bias = (const int32_t *)at;
        at += 4u * rows;
    }
    if (sections & REQUANT) {
        linear->multiplier = (const int32_t *)at;
        at += 4u * scales;
        linear->shift = (const int8_t *)at;
        at = up4_place(at + scales);
    }
    if (sections & WEIGHTS) {
        linear->weights = (const int8_t *)at;
        at = up4_place(at + rows * layer->shape->depth_padded);
    }
    return at;
}

/* Adds what one image says of a layer; terms stand in the reverse of their order, which gives the same sum. */
static MCU_NOINLINE int add_image(const mcu_delta_abi *abi, const uint8_t *image, unsigned index, mcu_delta_view *view,
                     mcu_sparse *sparse)
{
    const mcu_delta_layer *layer = &abi->layers[index];
    const mcu_delta_header *header = (const void *)image;
    const unsigned paired = is_paired(abi, layer);
    uint32_t at = 4u * directory_of(image)[index];
    uint32_t sections = at != 0 ? MORE : 0;
    uint32_t mine = 0;
    while (sections & MORE) {
        if (at + 4u > header->body_bytes) {
            return MCU_DELTA_ERROR_DIRECTORY;
        }
        const uint32_t rank = image[at + 1u];
        const uint32_t sparse_bytes = image[at + 2u] | (uint32_t)image[at + 3u] << 8;
        sections = image[at];
        if (!is_well_formed(layer, sections, rank, sparse_bytes, mine != 0)) {
            return MCU_DELTA_ERROR_RECORD;
        }
        place end = read_linear(layer, paired, (place)image + at + 4u, sections, &view->linear);
        if (sections & LORA) {
            const uint32_t rows = view->terms.rows + padded_columns(rank, paired);
            mcu_lora *term = &view->lora[view->lora_terms++];
            if (view->lora_terms > MCU_TERMS || rows > layer->lora_rows) {
                return MCU_DELTA_ERROR_RANK;
            }
            end = read_lora(layer->shape, paired, end, rank, term);
            term->next = view->terms.lora;
            view->terms.lora = term;
            view->terms.rows = (uint16_t)rows;
        }
        if (sections & SPARSE) {
            sparse->stream = (const uint8_t *)end;
            sparse->bytes = sparse_bytes;
            sparse->next = view->terms.sparse;
            view->terms.sparse = sparse;
        }
        at = (uint32_t)(up4_place(end + sparse_bytes) - (place)image);
        if (at > header->body_bytes) {
            return MCU_DELTA_ERROR_DIRECTORY;
        }
        mine |= sections;
    }
    if (is_conflict(mine, view->sections)) {
        return MCU_DELTA_ERROR_CONFLICT;
    }
    view->sections |= mine;
    view->end = at;
    return MCU_OK;
}

int mcu_delta_fill(const mcu_delta_abi *abi, const void *const *images, unsigned active, unsigned index,
                   mcu_delta_view *view)
{
    int status = MCU_OK;
    view->linear = *abi->layers[index].base;
    view->terms.kernel = abi->kernel;
    view->terms.lora = NULL;
    view->terms.sparse = NULL;
    view->terms.rows = 0;
    view->sections = 0;
    view->lora_terms = 0;
    for (unsigned i = 0; active >> i != 0 && status == MCU_OK; i++) {
        if ((active >> i & 1u) != 0) {
            status = add_image(abi, images[i], index, view, &view->sparse[i]);
        }
    }
    if (view->sections & (LORA | SPARSE)) {
        view->linear.terms = &view->terms;
    }
    if (view->lora_terms == 1 && view->terms.sparse == NULL) {
        view->terms.kernel = abi->lora;
    }
    return status;
}

const mcu_linear *mcu_delta_view_of(const mcu_delta_abi *abi, const void *const *images, unsigned active, unsigned layer,
                                    mcu_delta_view *view)
{
    (void)mcu_delta_fill(abi, images, active, layer, view);
    return view->sections != 0 ? &view->linear : abi->layers[layer].base;
}
