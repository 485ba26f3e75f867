/*
 * One valid image, "delta0.bin", changed in every field and at every byte. What is refused has a reason; what is accepted
 * runs without fault under the sanitizers. Writes to "out.bin": 32-bit words: failures, line, then counts by status.
 */
#include "harness.h"
#include "mcu_crc32.h"
#include <stdlib.h>
#include <string.h>

#define MOST_BYTES 0x10000u
#define STATUSES 48
#ifndef RUN_EVERY
#define RUN_EVERY 97 /* of those that are accepted */
#endif
#define ANY_REFUSAL (-1)

/* The harness has a signal stack of its own. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
    return "use_sigaltstack=0";
}

static uint32_t arena[NET_ARENA_BYTES / 4];
static uint8_t original[MOST_BYTES];
static uint32_t bytes;
static uint32_t result[2 + STATUSES];

static void check(int condition, int line)
{
    if (!condition && result[0]++ == 0) {
        result[1] = (uint32_t)line;
    }
}

#define CHECK(condition) check((condition), __LINE__)

static void repair(uint8_t *image)
{
    const uint32_t crc = mcu_crc32(mcu_crc32(0, image, 12), image + 16, bytes - 16u);
    memcpy(image + 12, &crc, 4);
}

/* Attaches a copy in memory of its exact size and, where it is accepted and asked for, runs it. */
static int attach(const uint8_t *image, uint32_t size, int runs)
{
    net_t network;
    uint8_t *copy = malloc(size == 0 ? 1 : size);
    memcpy(copy, image, size);
    CHECK(net_init(&network, arena, sizeof arena) == MCU_OK);
    const int status = net_delta_attach(&network, copy, size);
    if (status == MCU_OK && runs) {
        CHECK(net_run(&network) == MCU_OK);
    }
    CHECK(status == MCU_OK || (status >= MCU_DELTA_ERROR_ALIGNMENT && status < STATUSES));
    if (status >= 0 && status < STATUSES) {
        result[2 + status]++;
    }
    free(copy);
    return status;
}

/* Flips a bit of a header field, with a checksum that agrees. */
static void field(uint32_t offset, uint32_t field_bytes, int expected)
{
    for (uint32_t bit = 0; bit < 8u * field_bytes; bit++) {
        uint8_t image[MOST_BYTES];
        memcpy(image, original, bytes);
        image[offset + bit / 8u] ^= (uint8_t)(1u << bit % 8u);
        repair(image);
        const int status = attach(image, bytes, 1);
        CHECK(expected == ANY_REFUSAL ? status != MCU_OK : status == expected);
    }
}

static void every_field(void)
{
    field(0, 4, MCU_DELTA_ERROR_MAGIC);
    field(4, 2, MCU_DELTA_ERROR_FORMAT);
    field(6, 2, MCU_DELTA_ERROR_DIRECTORY); /* layers */
    field(16, 16, MCU_DELTA_ERROR_BASE);
    field(32, 16, MCU_DELTA_ERROR_ABI);
    field(48, 12, MCU_OK); /* id, version, counter: of no consequence to the arithmetic */
    field(60, 2, ANY_REFUSAL); /* self-tests, parents: every position after them is another */
    field(62, 2, MCU_DELTA_ERROR_FORMAT);
    for (uint32_t bit = 0; bit < 32; bit++) {
        uint8_t image[MOST_BYTES];
        memcpy(image, original, bytes);
        image[8 + bit / 8u] ^= (uint8_t)(1u << bit % 8u); /* body_bytes: not what is there */
        CHECK(attach(image, bytes, 0) == MCU_DELTA_ERROR_SIZE);
        memcpy(image, original, bytes);
        image[12 + bit / 8u] ^= (uint8_t)(1u << bit % 8u);
        CHECK(attach(image, bytes, 0) == MCU_DELTA_ERROR_CRC);
    }
}

static void every_byte(void)
{
    static const uint8_t flips[] = {0x01, 0x80, 0xFF, 0x10};
    uint32_t accepted = 0;
    for (uint32_t at = 0; at < bytes; at++) {
        for (uint32_t i = 0; i < sizeof flips; i++) {
            uint8_t image[MOST_BYTES];
            memcpy(image, original, bytes);
            image[at] ^= flips[i];
            CHECK(i != 0 || attach(image, bytes, 0) != MCU_OK); /* without a new checksum nothing passes */
            repair(image);
            const int runs = accepted % RUN_EVERY == 0;
            accepted += attach(image, bytes, runs) == MCU_OK;
        }
    }
}

static void every_length(void)
{
    uint8_t *image = malloc(bytes + 8u);
    for (uint32_t size = 0; size < bytes; size++) {
        CHECK(attach(original, size, 0) == MCU_DELTA_ERROR_SIZE);
    }
    memset(image, 0, bytes + 8u);
    memcpy(image, original, bytes);
    CHECK(attach(image, bytes + 4u, 0) == MCU_DELTA_ERROR_SIZE);
    CHECK(attach(image, bytes + 8u, 0) == MCU_DELTA_ERROR_SIZE);
    memmove(image + 2, image, bytes);
    net_t network;
    CHECK(net_init(&network, arena, sizeof arena) == MCU_OK);
    CHECK(net_delta_attach(&network, image + 2, bytes) == MCU_DELTA_ERROR_ALIGNMENT);
    free(image);
}

int mcu_harness_main(int adapter)
{
    (void)adapter;
    bytes = (uint32_t)mcu_platform_read(mcu_platform_open("delta0.bin", 0), original, sizeof original);
    CHECK(attach(original, bytes, 1) == MCU_OK);
    every_field();
    every_byte();
    every_length();
    return mcu_platform_write(mcu_platform_open("out.bin", 1), result, sizeof result);
}
