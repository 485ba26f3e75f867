/*
 * Installs "image.bin" in a slot that trusts one ES256 key, "key.bin" (the uncompressed point) under "kid.bin", through the PSA Crypto
 * API and the callbacks that docs/DELTAS-DEVICE.md shows (psa_callbacks.h is cut from there). Writes to "stat.bin": the status
 * of finish, whether the slot holds an image after a restart, the status of its test, what runs, and the status of its attachment.
 */
#include "harness.h"
#include "mcu_cose.h"
#include "mcu_flash_ram.h"
#include "mcu_slots.h"
#include <psa/crypto.h>
#include <string.h>

#define BLOCK 4096u
#define SLOT_BYTES (16u * BLOCK)

typedef struct {
    uint8_t name[8];
    psa_key_id_t id;
    int algorithm;
} trusted_key;

static trusted_key trusted;

static const trusted_key *find_key(const uint8_t *key_id, size_t bytes)
{
    return bytes == sizeof trusted.name && memcmp(key_id, trusted.name, bytes) == 0 ? &trusted : NULL;
}

#include "psa_callbacks.h"

static uint32_t memory[(2u * BLOCK + 2u * SLOT_BYTES) / 4];
static uint32_t image[SLOT_BYTES / 4];
static uint32_t arena[NET_ARENA_BYTES / 4];
static net_t network;

static size_t load(const char *name, void *to, size_t most)
{
    return mcu_platform_read(mcu_platform_open(name, 0), to, most);
}

static int import_key(void)
{
    uint8_t point[65];
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    psa_set_key_type(&attributes, PSA_KEY_TYPE_ECC_PUBLIC_KEY(PSA_ECC_FAMILY_SECP_R1));
    psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_VERIFY_MESSAGE);
    psa_set_key_algorithm(&attributes, PSA_ALG_ECDSA(PSA_ALG_SHA_256));
    trusted.algorithm = MCU_COSE_ES256;
    return load("kid.bin", trusted.name, sizeof trusted.name) != sizeof trusted.name ||
           load("key.bin", point, sizeof point) != sizeof point || psa_crypto_init() != PSA_SUCCESS ||
           psa_import_key(&attributes, point, sizeof point, &trusted.id) != PSA_SUCCESS;
}

int mcu_harness_main(int adapter)
{
    mcu_flash_ram ram;
    mcu_slots slots;
    int32_t status[5] = {-1, 0, -1, 0, -1};
    const size_t bytes = load("image.bin", image, sizeof image);
    (void)adapter;
    if (import_key() != 0 || net_init(&network, arena, sizeof arena) != MCU_OK) {
        return 2;
    }
    memset(memory, 0xFF, sizeof memory);
    mcu_flash_ram_init(&ram, memory, sizeof memory, BLOCK, 8);
    const mcu_slots_config config = {&ram.flash, &net_delta_abi, 0, 2 * BLOCK, SLOT_BYTES, 2, 2, mcu_cose_verify, &crypto};
    mcu_slots_open(&slots, &config);
    if (mcu_slots_begin(&slots, 1, bytes) != MCU_OK || mcu_slots_write(&slots, image, bytes) != MCU_OK) {
        return 2;
    }
    status[0] = mcu_slots_finish(&slots);
    mcu_slots_open(&slots, &config);
    size_t installed = 0;
    const void *in_place = mcu_slots_image(&slots, 1, &installed);
    status[1] = in_place != NULL;
    status[2] = mcu_slots_test(&slots, 2);
    status[3] = (int32_t)mcu_slots_start(&slots);
    if (status[3] == 2) {
        status[4] = net_delta_attach(&network, in_place, installed);
    }
    return mcu_platform_write(mcu_platform_open("stat.bin", 1), status, sizeof status);
}
