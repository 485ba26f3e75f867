/*
 * Checks the signature of FILE with the digest of DIGEST; prints the status and, in hexadecimal, what the platform is asked to verify.
 * Usage: cose_check FILE DIGEST [refuse]
 */
#include "mcu_cose.h"
#include <stdio.h>
#include <string.h>

static uint32_t image[0x50000 / 4];
static uint8_t digest[32];
static int refuses;

static int sha256(void *user, const uint8_t *data, size_t bytes, uint8_t *to)
{
    (void)user;
    memcpy(to, digest, sizeof digest);
    return data != (const uint8_t *)image || bytes != ((const mcu_delta_header *)image)->body_bytes;
}

static void print(const char *name, const uint8_t *bytes, size_t count)
{
    printf("%s ", name);
    for (size_t i = 0; i < count; i++) {
        printf("%02x", bytes[i]);
    }
    printf("\n");
}

static int verify(void *user, const mcu_cose_signature *signature)
{
    (void)user;
    printf("algorithm %d\n", signature->algorithm);
    print("kid", signature->key_id, signature->key_id_bytes);
    print("text", signature->signed_text, signature->signed_bytes);
    print("signature", signature->signature, signature->signature_bytes);
    return refuses;
}

static size_t load(const char *path, void *to, size_t most)
{
    FILE *file = fopen(path, "rb");
    const size_t bytes = file == NULL ? 0 : fread(to, 1, most, file);
    return file == NULL || fclose(file) != 0 ? 0 : bytes;
}

int main(int argc, char **argv)
{
    mcu_cose_crypto crypto = {sha256, verify, NULL};
    if (argc < 3 || load(argv[2], digest, sizeof digest) != sizeof digest) {
        return 2;
    }
    const size_t bytes = load(argv[1], image, sizeof image);
    refuses = argc > 3;
    const int body = mcu_delta_check_body(image, bytes);
    printf("body %d\n", body);
    printf("status %d\n", body == MCU_OK ? mcu_cose_verify(&crypto, image, bytes) : -1);
    return 0;
}
