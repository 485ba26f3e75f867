/*
 * The signature of a delta image: COSE_Sign1 (RFC 9052) over the SHA-256 of the body, detached. Cryptography is the
 * platform's; with the PSA Crypto API:
 *
 *   hash:   psa_hash_compute(PSA_ALG_SHA_256, data, bytes, digest, 32, &length)
 *   verify: find the key by its id among those you trust, then
 *           psa_verify_message(key, alg == -7 ? PSA_ALG_ECDSA(PSA_ALG_SHA_256) : PSA_ALG_PURE_EDDSA,
 *                              signed_text, signed_bytes, signature, signature_bytes)
 *
 * Several trusted keys, rotation and revocation are the callback's: it decides by key id.
 */
#ifndef MCU_COSE_H
#define MCU_COSE_H

#include "mcu_delta.h"

#define MCU_COSE_ERROR_UNSIGNED 60  /* there is no signature */
#define MCU_COSE_ERROR_FORMAT 61    /* not the one form of COSE_Sign1 that the format has */
#define MCU_COSE_ERROR_ALGORITHM 62 /* neither ES256 nor EdDSA */
#define MCU_COSE_ERROR_HASH 63      /* the hash callback failed */
#define MCU_COSE_ERROR_SIGNATURE 64 /* the verify callback refused */

#define MCU_COSE_ES256 (-7)
#define MCU_COSE_EDDSA (-8)

typedef struct {
    const uint8_t *key_id;
    size_t key_id_bytes;
    int algorithm;
    const uint8_t *signed_text; /* Sig_structure */
    size_t signed_bytes;
    const uint8_t *signature;
    size_t signature_bytes;
} mcu_cose_signature;

/* Callbacks return 0 for success. */
typedef struct {
    int (*sha256)(void *user, const uint8_t *data, size_t bytes, uint8_t *digest);
    int (*verify)(void *user, const mcu_cose_signature *signature);
    void *user;
} mcu_cose_crypto;

/* Verifies an image whose lengths mcu_delta_check_body has passed; fits mcu_slots_config with an mcu_cose_crypto as user. */
int mcu_cose_verify(void *crypto, const void *image, size_t bytes);

#endif
