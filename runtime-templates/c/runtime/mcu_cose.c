/* COSE_Sign1 with a detached payload: see mcu_cose.h. Reads the one deterministic form that the delta format has. */
#include "mcu_cose.h"
#include <string.h>

#define DIGEST_BYTES 32u
#define LARGEST_PROTECTED 8u

/* What is left of the message. */
typedef struct {
    const uint8_t *at;
    const uint8_t *end;
} reader;

static int take(reader *r, uint8_t byte)
{
    return r->at != r->end && *r->at++ == byte;
}

/* A byte string (RFC 8949) of up to 255 bytes; null where there is none. */
static const uint8_t *take_bytes(reader *r, size_t *bytes)
{
    if (r->at == r->end || (*r->at & 0xE0) != 0x40) {
        return NULL;
    }
    *bytes = *r->at++ & 0x1Fu;
    if (*bytes == 24 && r->at != r->end) {
        *bytes = *r->at++;
    } else if (*bytes >= 24) {
        return NULL;
    }
    if (*bytes > (size_t)(r->end - r->at)) {
        return NULL;
    }
    const uint8_t *start = r->at;
    r->at += *bytes;
    return start;
}

/* { 1: algorithm } in its one shortest form. */
static int algorithm_of(const uint8_t *header, size_t bytes)
{
    return bytes == 3 && header[0] == 0xA1 && header[1] == 0x01 && (header[2] & 0xE0) == 0x20 ? -1 - (header[2] & 0x1F) : 0;
}

/* [ "Signature1", protected, external_aad h'', payload ]; returns its length. */
static size_t write_signed_text(uint8_t *text, const uint8_t *header, size_t header_bytes, const uint8_t *digest)
{
    static const uint8_t start[] = {0x84, 0x6A, 'S', 'i', 'g', 'n', 'a', 't', 'u', 'r', 'e', '1'};
    uint8_t *at = text;
    memcpy(at, start, sizeof start);
    at += sizeof start;
    *at++ = (uint8_t)(0x40u | header_bytes);
    memcpy(at, header, header_bytes);
    at += header_bytes;
    *at++ = 0x40;
    *at++ = 0x58;
    *at++ = DIGEST_BYTES;
    memcpy(at, digest, DIGEST_BYTES);
    return (size_t)(at - text) + DIGEST_BYTES;
}

int mcu_cose_verify(void *crypto, const void *image, size_t bytes)
{
    const mcu_cose_crypto *calls = crypto;
    const uint32_t body = ((const mcu_delta_header *)image)->body_bytes;
    const uint8_t *trailer = (const uint8_t *)image + body;
    uint8_t digest[DIGEST_BYTES];
    uint8_t text[64];
    mcu_cose_signature signature;
    size_t header_bytes;
    if (bytes == body) {
        return MCU_COSE_ERROR_UNSIGNED;
    }
    reader r = {trailer + 4, trailer + 4 + trailer[2] + ((size_t)trailer[3] << 8)};
    if (!take(&r, 0xD2) || !take(&r, 0x84)) {
        return MCU_COSE_ERROR_FORMAT;
    }
    const uint8_t *header = take_bytes(&r, &header_bytes);
    if (header == NULL || header_bytes > LARGEST_PROTECTED || !take(&r, 0xA1) || !take(&r, 0x04)) {
        return MCU_COSE_ERROR_FORMAT;
    }
    signature.key_id = take_bytes(&r, &signature.key_id_bytes);
    if (signature.key_id == NULL || !take(&r, 0xF6)) {
        return MCU_COSE_ERROR_FORMAT;
    }
    signature.signature = take_bytes(&r, &signature.signature_bytes);
    if (signature.signature == NULL || r.at != r.end) {
        return MCU_COSE_ERROR_FORMAT;
    }
    signature.algorithm = algorithm_of(header, header_bytes);
    if (signature.algorithm != MCU_COSE_ES256 && signature.algorithm != MCU_COSE_EDDSA) {
        return MCU_COSE_ERROR_ALGORITHM;
    }
    if (calls->sha256(calls->user, image, body, digest) != 0) {
        return MCU_COSE_ERROR_HASH;
    }
    signature.signed_text = text;
    signature.signed_bytes = write_signed_text(text, header, header_bytes, digest);
    return calls->verify(calls->user, &signature) == 0 ? MCU_OK : MCU_COSE_ERROR_SIGNATURE;
}
