/* Sparse differences merged into copies of the weights: see mcu_delta_cache.h. */
#include "mcu_delta_cache.h"
#include "mcu_delta_image.h"
#include "mcu_sparse.h"
#include <string.h>

#define ALIGNMENT sizeof(void *)
#define LIMIT ((int64_t)INT32_MAX - 255) /* leaves room for the output's zero point, as the validator does */

static mcu_delta_cache_entry *entry_at(const mcu_delta_cache *cache, uint32_t at)
{
    return (mcu_delta_cache_entry *)(void *)(cache->memory + at);
}

static mcu_delta_cache_entry *find(const mcu_delta_cache *cache, const void *image, unsigned layer)
{
    for (uint32_t at = 0; at < cache->used; at += entry_at(cache, at)->bytes) {
        mcu_delta_cache_entry *entry = entry_at(cache, at);
        if (entry->image == image && entry->layer == layer) {
            return entry;
        }
    }
    return NULL;
}

/* Entries lie without gaps: those behind move down. Nothing points into them between inferences. */
static void drop(mcu_delta_cache *cache, uint32_t at)
{
    const uint32_t bytes = entry_at(cache, at)->bytes;
    cache->used -= bytes;
    memmove(cache->memory + at, cache->memory + at + bytes, cache->used - at);
}

/* Entries of active images have the clock of the preparation that runs. Whether there is room now. */
static int make_room(mcu_delta_cache *cache, uint32_t bytes)
{
    uint32_t room = cache->bytes - cache->used;
    for (uint32_t at = 0; at < cache->used; at += entry_at(cache, at)->bytes) {
        room += entry_at(cache, at)->used_at != cache->clock ? entry_at(cache, at)->bytes : 0u;
    }
    if (room < bytes) {
        return 0;
    }
    while (cache->bytes - cache->used < bytes) {
        uint32_t oldest = 0;
        for (uint32_t at = 0; at < cache->used; at += entry_at(cache, at)->bytes) {
            /* Ages, not times: the clock may have wrapped. */
            if (cache->clock - entry_at(cache, at)->used_at > cache->clock - entry_at(cache, oldest)->used_at) {
                oldest = at;
            }
        }
        drop(cache, oldest);
    }
    return 1;
}

/* Position of a weight in a packed matrix. */
static size_t packed_index(const mcu_linear_shape *shape, unsigned paired, uint32_t row, uint32_t column)
{
    return paired ? (size_t)(row & ~1u) * shape->depth_padded + 4u * (row & 1u) + column + (column & ~3u)
                  : (size_t)row * shape->depth_padded + column;
}

/* Changes of one output: moves a cursor on by a row. Whether all weights fit an int8; *sum: of the changes. */
static int merge_row(mcu_sparse_cursor *cursor, const mcu_linear_shape *shape, unsigned paired, uint32_t row,
                     const int8_t *from, int8_t *to, int32_t *sum)
{
    int32_t column, difference;
    int32_t last = -1;
    int32_t weight = 0;
    *sum = 0;
    while ((column = mcu_sparse_next(cursor, shape->depth, &difference)) >= 0) {
        const size_t index = packed_index(shape, paired, row, (uint32_t)column);
        weight = (column == last ? weight : from[index]) + difference;
        last = column;
        *sum += difference;
        if (to != NULL) {
            to[index] = (int8_t)weight;
        }
        /* A weight may be changed in several steps; what counts is the last. */
        const int is_last = cursor->at == cursor->end || cursor->at[0] != 0;
        if (is_last && weight != (int8_t)weight) {
            return 0;
        }
    }
    return 1;
}

/* 128 * sum |w| of a row. */
static int64_t largest_product(const mcu_linear_shape *shape, unsigned paired, uint32_t row, const int8_t *weights)
{
    int64_t sum = 0;
    for (uint32_t k = 0; k < shape->depth; k++) {
        const int32_t w = weights[packed_index(shape, paired, row, k)];
        sum += w < 0 ? -w : w;
    }
    return 128 * sum;
}

/*
 * Merges into bias and weights, or with bias null only says whether it can be done: the weights fit an int8, and where
 * the layer is not fast, no sum on the way to the accumulator overflows. (In fast layers the accumulator stays below
 * 2^30, and the start value and the products exceed it by no more than what their sum cancels, below 2^31.)
 */
static int merge(const mcu_delta_layer *layer, unsigned paired, const mcu_delta_view *view, int32_t *bias,
                 int8_t *weights)
{
    const mcu_linear_shape *shape = layer->shape;
    mcu_sparse_walk walk;
    mcu_sparse_open(&walk, view->terms.sparse);
    for (uint32_t row = 0; row < shape->outputs; row++) {
        int32_t sum;
        if (!merge_row(&walk.cursors[0], shape, paired, row, view->linear.weights, weights, &sum)) {
            return 0;
        }
        if (bias != NULL) {
            const int64_t start = (int64_t)bias[row] - (int64_t)shape->input_zero_point * sum;
            const int64_t magnitude = start < 0 ? -start : start;
            if (!shape->fast && magnitude + largest_product(shape, paired, row, weights) >= LIMIT) {
                return 0;
            }
            bias[row] = (int32_t)start;
        }
    }
    return 1;
}

static void prepare_layer(mcu_delta_cache *cache, const mcu_delta_abi *abi, const void *image, unsigned index)
{
    const mcu_delta_layer *layer = &abi->layers[index];
    const unsigned paired = is_paired(abi, layer);
    const uint32_t rows = padded_rows(layer->shape->outputs, paired);
    const uint32_t weight_bytes = rows * layer->shape->depth_padded;
    const uint32_t bytes = (uint32_t)((sizeof(mcu_delta_cache_entry) + 4u * rows + weight_bytes + ALIGNMENT - 1u) /
                                      ALIGNMENT * ALIGNMENT);
    mcu_delta_view view;
    (void)mcu_delta_fill(abi, &image, 1, index, &view);
    if (view.terms.sparse == NULL || bytes > cache->bytes || !merge(layer, paired, &view, NULL, NULL) ||
        !make_room(cache, bytes)) {
        return;
    }
    mcu_delta_cache_entry *entry = entry_at(cache, cache->used);
    int32_t *bias = (int32_t *)(void *)(entry + 1);
    int8_t *weights = (int8_t *)(bias + rows);
    memcpy(bias, view.linear.bias, 4u * (size_t)rows);
    memcpy(weights, view.linear.weights, weight_bytes);
    if (merge(layer, paired, &view, bias, weights)) {
        *entry = (mcu_delta_cache_entry){image, view.linear.bias, bytes, cache->clock, (uint16_t)index};
        cache->used += bytes;
    }
}

void mcu_delta_cache_init(mcu_delta_cache *cache, void *memory, size_t bytes)
{
    cache->memory = memory;
    cache->bytes = bytes > UINT32_MAX / 2u ? UINT32_MAX / 2u : (uint32_t)bytes;
    cache->used = 0;
    cache->clock = 0;
}

void mcu_delta_cache_prepare(mcu_delta_cache *cache, const mcu_delta_abi *abi, const void *const *images,
                             unsigned active)
{
    cache->clock++;
    for (uint32_t at = 0; at < cache->used; at += entry_at(cache, at)->bytes) {
        mcu_delta_cache_entry *entry = entry_at(cache, at);
        for (unsigned i = 0; active >> i != 0; i++) {
            if ((active >> i & 1u) != 0 && images[i] == entry->image) {
                entry->used_at = cache->clock;
            }
        }
    }
    for (unsigned i = 0; active >> i != 0; i++) {
        for (unsigned layer = 0; (active >> i & 1u) != 0 && layer < abi->layer_count; layer++) {
            if (find(cache, images[i], layer) == NULL) {
                prepare_layer(cache, abi, images[i], layer);
            }
        }
    }
}

void mcu_delta_cache_forget(mcu_delta_cache *cache, const void *image)
{
    uint32_t at = 0;
    while (at < cache->used) {
        if (entry_at(cache, at)->image == image) {
            drop(cache, at);
        } else {
            at += entry_at(cache, at)->bytes;
        }
    }
}

const mcu_linear *mcu_delta_cache_view_of(const mcu_delta_cache *cache, const mcu_delta_abi *abi,
                                          const void *const *images, unsigned active, unsigned layer,
                                          mcu_delta_view *view)
{
    const mcu_linear *linear = mcu_delta_view_of(abi, images, active, layer, view);
    const mcu_sparse *sparse = view->terms.sparse;
    const mcu_linear_shape *shape = abi->layers[layer].shape;
    /* Differences of one image alone; without low-rank terms where only the sum of both is known not to overflow. */
    if (sparse == NULL || sparse->next != NULL || (!shape->fast && view->terms.lora != NULL)) {
        return linear;
    }
    const mcu_delta_cache_entry *entry = find(cache, images[sparse - view->sparse], layer);
    if (entry != NULL && entry->bias == view->linear.bias) {
        view->linear.bias = (const int32_t *)(const void *)(entry + 1);
        view->linear.weights =
            (const int8_t *)(view->linear.bias + padded_rows(shape->outputs, is_paired(abi, &abi->layers[layer])));
        view->terms.sparse = NULL;
        view->terms.kernel = view->lora_terms == 1 ? abi->lora : abi->kernel;
        view->linear.terms = view->terms.lora != NULL ? &view->terms : NULL;
    }
    return linear;
}
