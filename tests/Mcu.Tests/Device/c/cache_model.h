/* What the cache must hold, as a list: for cache_check.c, whose network it looks at. */
#ifndef CACHE_MODEL_H
#define CACHE_MODEL_H

typedef struct {
    const void *image;
    uint32_t layer, bytes, used_at;
} model_entry;

static model_entry model[MOST_ENTRIES];
static uint32_t model_count, model_clock, capacity;

static uint32_t model_used(void)
{
    uint32_t used = 0;
    for (uint32_t i = 0; i < model_count; i++) {
        used += model[i].bytes;
    }
    return used;
}

static void model_drop(uint32_t at)
{
    memmove(&model[at], &model[at + 1], (model_count - at - 1u) * sizeof model[0]);
    model_count--;
}

/* Whether every changed weight fits an int8; the layers here are far from any overflow. */
static int can_merge(const void *image, unsigned layer)
{
    const mcu_linear_shape *shape = layers[layer].shape;
    int32_t sums[128] = {0};
    mcu_delta_view view;
    mcu_delta_view_of(&abi, &image, 1, layer, &view);
    if (view.sections == 0 || view.terms.sparse == NULL) {
        return 0;
    }
    uint32_t p = 0;
    for (uint32_t i = 0; i < view.terms.sparse->bytes; i += 2) {
        p += view.terms.sparse->stream[i];
        sums[p] += (int8_t)view.terms.sparse->stream[i + 1];
    }
    for (p = 0; p < (uint32_t)shape->outputs * shape->depth; p++) {
        const uint32_t row = p / shape->depth, k = p % shape->depth;
        const uint32_t at = is_paired(layer) ? ((row / 2u * (shape->depth_padded / 4u) + k / 4u) * 2u + row % 2u) * 4u + k % 4u : p;
        if (weights[layer][at] + sums[p] < -128 || weights[layer][at] + sums[p] > 127) {
            return 0;
        }
    }
    return 1;
}

static void model_add(const void *image, unsigned layer)
{
    const uint32_t rows = is_paired(layer) ? (layers[layer].shape->outputs + 1u) & ~1u : layers[layer].shape->outputs;
    const uint32_t raw = (uint32_t)sizeof(mcu_delta_cache_entry) + rows * (4u + layers[layer].shape->depth_padded);
    const uint32_t bytes = (raw + (uint32_t)sizeof(void *) - 1u) / (uint32_t)sizeof(void *) * (uint32_t)sizeof(void *);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < model_count; i++) {
        if (model[i].image == image && model[i].layer == layer) {
            return;
        }
        kept += model[i].used_at == model_clock ? model[i].bytes : 0;
    }
    if (!can_merge(image, layer) || kept + bytes > capacity) {
        return;
    }
    while (model_used() + bytes > capacity) {
        uint32_t oldest = 0;
        for (uint32_t i = 1; i < model_count; i++) {
            oldest = model[i].used_at < model[oldest].used_at ? i : oldest;
        }
        model_drop(oldest);
        result[DROPPED]++;
    }
    model[model_count++] = (model_entry){image, layer, bytes, model_clock};
}

static void model_prepare(const void *const *attached, const mcu_delta_set *set)
{
    model_clock++;
    for (unsigned i = 0; i < set->attached; i++) {
        for (uint32_t e = 0; e < model_count && (set->active >> i & 1u) != 0; e++) {
            model[e].used_at = model[e].image == attached[i] ? model_clock : model[e].used_at;
        }
    }
    for (unsigned i = 0; i < set->attached; i++) {
        for (unsigned layer = 0; layer < LAYERS && (set->active >> i & 1u) != 0; layer++) {
            model_add(attached[i], layer);
        }
    }
}

#endif
