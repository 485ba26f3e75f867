/*
 * Delta images (.mcud) in place: validation, composition, and the layer constants that they give. Images lie in memory
 * that can be read like an array and stay there unchanged while they are attached. No state, no allocation.
 * The format and what a loader checks: docs/DELTA-FORMAT.md of the compiler. Little-endian cores.
 */
#ifndef MCU_DELTA_H
#define MCU_DELTA_H

#include "mcu_linear.h"
#include "mcu_room.h"

/* Why an image is refused. */
#define MCU_DELTA_ERROR_ALIGNMENT 16 /* the image does not start at a multiple of 4 */
#define MCU_DELTA_ERROR_SIZE 17      /* shorter or longer than its header and trailer say */
#define MCU_DELTA_ERROR_MAGIC 18     /* not a delta image */
#define MCU_DELTA_ERROR_FORMAT 19    /* another version of the format, or a reserved field is used */
#define MCU_DELTA_ERROR_CRC 20       /* damaged */
#define MCU_DELTA_ERROR_BASE 21      /* made for another base model */
#define MCU_DELTA_ERROR_ABI 22       /* made for another compiled form of the base */
#define MCU_DELTA_ERROR_DIRECTORY 23 /* records do not follow each other exactly from the directory to the end */
#define MCU_DELTA_ERROR_RECORD 24    /* sections that are unknown, missing, or not for this kind of layer */
#define MCU_DELTA_ERROR_PADDING 25   /* padded columns of a matrix are not zero */
#define MCU_DELTA_ERROR_RANGE 26     /* a multiplier, shift, start value or position is out of range */
#define MCU_DELTA_ERROR_OVERFLOW 27  /* an accumulator could overflow, with the other active images */
#define MCU_DELTA_ERROR_RANK 28      /* low-rank terms need more scratch memory, or are more, than the firmware has room for */
#define MCU_DELTA_ERROR_CONFLICT 29  /* two images replace the same, or one replaces what the other relies on */
#define MCU_DELTA_ERROR_FULL 30      /* as many images are attached as the firmware has room for */
#define MCU_DELTA_ERROR_ATTACHED 31  /* attached already, or (detach, select) not attached */
#define MCU_DELTA_ERROR_ADAPTER 32   /* deltas and compiled-in adapters exclude each other */
#define MCU_DELTA_ERROR_SELF_TEST 33 /* the output is not the one that the image promises */

#define MCU_DELTA_MATRIX 0   /* kinds of layers */
#define MCU_DELTA_DEPTHWISE 1
#define MCU_DELTA_NORM 2

/* One layer that a delta may change. */
typedef struct {
    const mcu_linear_shape *shape;
    const mcu_linear *base;
    uint16_t lora_rows; /* room for low-rank terms: padded rows of A */
    uint8_t kind;
} mcu_delta_layer;

/* What an image must fit. */
typedef struct {
    uint8_t base[16];
    uint8_t abi[16];
    const mcu_delta_layer *layers;
    uint16_t layer_count;
    uint8_t packing;
    uint8_t images; /* most at once, up to MCU_TERMS */
    const mcu_term_kernel *kernel; /* of matrix layers with any terms: mcu_terms__c or mcu_terms__dsp */
    const mcu_term_kernel *lora;   /* with one low-rank term alone, faster and with less stack: mcu_lora__c or mcu_lora__dsp */
} mcu_delta_abi;

/* Which images of a network's array are there and count: the first `attached`, of which bit i of `active`. */
typedef struct {
    uint8_t attached;
    uint8_t active;
} mcu_delta_set;

/* Room for the constants of one layer; on the stack of an inference. */
typedef struct {
    mcu_linear linear;
    mcu_terms terms;
    uint32_t sections; /* of all records that were read */
    uint32_t end;      /* of the last of them in its image */
    uint8_t lora_terms;
    mcu_lora lora[MCU_TERMS];
    mcu_sparse sparse[MCU_TERMS];
} mcu_delta_view;

#define MCU_DELTA_MAGIC 0x4455434Du /* MCUD */

/* Header fields at their places in an image. */
typedef struct {
    uint32_t magic; /* MCU_DELTA_MAGIC */
    uint8_t format;
    uint8_t flags;
    uint16_t layers;
    uint32_t body_bytes;
    uint32_t crc32;
    uint8_t base[16];
    uint8_t abi[16];
    uint32_t id;
    uint32_t version;
    uint32_t security_counter;
    uint8_t self_tests;
    uint8_t parents;
    uint16_t reserved;
} mcu_delta_header;

/* u32 seed, u32 CRC-32 of the output. */
typedef struct {
    uint32_t seed;
    uint32_t output_crc32;
} mcu_delta_test;

/* Whether header and trailer agree with the number of bytes, and the CRC with the body; needs no firmware to compare with. */
int mcu_delta_check_body(const void *image, size_t bytes);

/* Everything that can be said of one image alone. */
int mcu_delta_validate(const mcu_delta_abi *abi, const void *image, size_t bytes);

/* Validates an image, checks it together with the active ones and makes it active. */
int mcu_delta_attach(const mcu_delta_abi *abi, const void **images, mcu_delta_set *set, const void *image, size_t bytes);

/*
 * Takes an image out; the bits of later ones move down. Several that stay active are checked again, since a bias or weights
 * may have gone: none is active where they may not run together.
 */
int mcu_delta_detach(const mcu_delta_abi *abi, const void **images, mcu_delta_set *set, const void *image);

/* Makes the images of a mask active and no others. One alone needs no check; several are checked together. */
int mcu_delta_select(const mcu_delta_abi *abi, const void *const *images, mcu_delta_set *set, unsigned mask);

/* Constants of a layer under the active images; the view, or the base's where none changes the layer. */
const mcu_linear *mcu_delta_view_of(const mcu_delta_abi *abi, const void *const *images, unsigned active, unsigned layer,
                                    mcu_delta_view *view);

/* The self-tests of an image and their input: see the format. */
const mcu_delta_test *mcu_delta_tests(const void *image);
void mcu_delta_test_input(uint32_t seed, int8_t *input, size_t count);

#endif
