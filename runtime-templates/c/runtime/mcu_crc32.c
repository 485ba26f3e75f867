/* Two bits at a time: a table of 16 bytes. */
#include "mcu_crc32.h"

static const uint32_t table[4] = {0x00000000u, 0x76DC4190u, 0xEDB88320u, 0x9B64C2B0u};

uint32_t mcu_crc32(uint32_t crc, const void *data, size_t bytes)
{
    const uint8_t *at = data;
    crc = ~crc;
    for (const uint8_t *end = at + bytes; at != end; at++) {
        crc ^= *at;
        for (unsigned i = 0; i < 4; i++) {
            crc = (crc >> 2) ^ table[crc & 3u];
        }
    }
    return ~crc;
}
