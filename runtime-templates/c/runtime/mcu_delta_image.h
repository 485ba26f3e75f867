/* How an image is laid out, for the files that read it: docs/DELTA-FORMAT.md of the compiler. */
#ifndef MCU_DELTA_IMAGE_H
#define MCU_DELTA_IMAGE_H

#include "mcu_delta.h"

#define MCU_DELTA_HEADER_BYTES 64u

enum { BIAS = 1, REQUANT = 2, WEIGHTS = 4, LORA = 8, SPARSE = 16, MORE = 128 }; /* sections of a record */

/* Whether matrices of this layer are stored in pairs of rows, four columns at a time. */
static inline unsigned is_paired(const mcu_delta_abi *abi, const mcu_delta_layer *layer)
{
    return layer->kind == MCU_DELTA_MATRIX ? abi->packing : 0u;
}

static inline uint32_t up4(uint32_t bytes)
{
    return (bytes + 3u) & ~3u;
}

/* paired: 0 or 1 */
static inline uint32_t padded_rows(uint32_t rows, unsigned paired)
{
    return (rows + paired) & ~(uint32_t)paired;
}

static inline uint32_t padded_columns(uint32_t columns, unsigned paired)
{
    return (columns + 3u * paired) & ~(3u * paired);
}

/* Multipliers and shifts of a layer. */
static inline uint32_t scales_of(const mcu_delta_layer *layer)
{
    return layer->kind == MCU_DELTA_NORM ? 1u : layer->shape->outputs;
}

static inline const uint16_t *directory_of(const void *image)
{
    const mcu_delta_header *header = image;
    return (const uint16_t *)(const void *)(mcu_delta_tests(image) + header->self_tests);
}

/*
 * Constants of a layer under the images of a mask, whose headers and directories are known to be right. Of the records it
 * reads no more than their first four bytes, and those only where they lie in the body; MCU_OK says that all their
 * sections do, and that the images go together.
 */
int mcu_delta_fill(const mcu_delta_abi *abi, const void *const *images, unsigned active, unsigned index,
                   mcu_delta_view *view);

/*
 * Checks all that kernels rely on in the layers under the images of a mask. records: of one new image, where its first
 * record must start, so that each follows the one before and the last ends with the body; 0 for images that are valid.
 */
int mcu_delta_check_layers(const mcu_delta_abi *abi, const void *const *images, unsigned active, uint32_t records);

#endif
