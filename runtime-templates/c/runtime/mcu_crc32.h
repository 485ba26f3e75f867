/* CRC-32 (IEEE 802.3, reflected, as in zlib). */
#ifndef MCU_CRC32_H
#define MCU_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* Goes on with the CRC of the bytes before; 0 to begin. */
uint32_t mcu_crc32(uint32_t crc, const void *data, size_t bytes);

#endif
