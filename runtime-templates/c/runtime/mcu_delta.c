/* Delta images in place: which are attached, which count. See mcu_delta.h. */
#include "mcu_delta_image.h"

int mcu_delta_select(const mcu_delta_abi *abi, const void *const *images, mcu_delta_set *set, unsigned mask)
{
    if (mask >> set->attached != 0) {
        return MCU_DELTA_ERROR_ATTACHED;
    }
    const int status = (mask & (mask - 1u)) == 0 ? MCU_OK : mcu_delta_check_layers(abi, images, mask, 0);
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

const mcu_delta_test *mcu_delta_tests(const void *image)
{
    const mcu_delta_header *header = image;
    return (const mcu_delta_test *)(const void *)((const uint8_t *)image + MCU_DELTA_HEADER_BYTES + 16u * header->parents);
}

void mcu_delta_test_input(uint32_t seed, int8_t *input, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        seed = seed * 1664525u + 1013904223u;
        input[i] = (int8_t)(uint8_t)(seed >> 24);
    }
}
