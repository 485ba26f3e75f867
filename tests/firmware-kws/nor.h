/* A flash chip for the slots: NOR rules on RAM that outlives a reset. Replace nor.c by your chip's driver. */
#ifndef NOR_H
#define NOR_H

#include "mcu_flash.h"

#define NOR_BLOCK_BYTES 4096u
#define NOR_BLOCKS 8u
#define NOR_UNIT 8u

extern const mcu_flash nor_flash;

/* Once after every start. */
void nor_open(void);

#endif
