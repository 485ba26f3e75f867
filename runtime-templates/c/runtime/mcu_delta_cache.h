/*
 * A cache of layers whose sparse differences are merged into a copy of the weights in RAM: an inference of such a layer
 * costs what the base's does, and gives the same bytes as the differences walked in place. Optional: what does not fit
 * is walked. See docs/DELTAS-DEVICE.md of the compiler.
 *
 * Entries belong to one image at its address and one layer, and go when the image is detached.
 */
#ifndef MCU_DELTA_CACHE_H
#define MCU_DELTA_CACHE_H

#include "mcu_delta.h"

typedef struct {
    uint8_t *memory;
    uint32_t bytes;
    uint32_t used;
    uint32_t clock; /* of the last preparation */
} mcu_delta_cache;

/* What stands in front of an entry's values: i32 start values, then i8 weights, both as the layer's are packed. */
typedef struct {
    const void *image;
    const int32_t *bias; /* that the start values were made from */
    uint32_t bytes;      /* with this header, a multiple of its alignment */
    uint32_t used_at;    /* the clock when its image was last made active */
    uint16_t layer;
} mcu_delta_cache_entry;

/* An empty cache in the caller's memory; 0 bytes for none. The memory is aligned as a pointer. */
void mcu_delta_cache_init(mcu_delta_cache *cache, void *memory, size_t bytes);

/*
 * Makes room for the layers of the active images and merges them, in the order of images and layers, as far as they fit.
 * What was not active for the longest time goes first; what is active stays. Call when the active images have changed.
 */
void mcu_delta_cache_prepare(mcu_delta_cache *cache, const mcu_delta_abi *abi, const void *const *images,
                             unsigned active);

/* Drops the entries of an image that is detached. */
void mcu_delta_cache_forget(mcu_delta_cache *cache, const void *image);

/* As mcu_delta_view_of, with the merged weights where the cache has them. */
const mcu_linear *mcu_delta_cache_view_of(const mcu_delta_cache *cache, const mcu_delta_abi *abi,
                                          const void *const *images, unsigned active, unsigned layer,
                                          mcu_delta_view *view);

#endif
