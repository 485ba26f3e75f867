/* What the harness needs from the place it runs in. */
#ifndef MCU_HARNESS_H
#define MCU_HARNESS_H

#include "harness_model.h" /* written by the builder: the MODEL_ macros for this network's prefix */

#include <stddef.h>
#include <stdint.h>

/* Files are opened by short names in the working directory; -1 is an error. */
int mcu_platform_open(const char *name, int for_writing);
/* Bytes read, less than asked for at the end of the file. */
size_t mcu_platform_read(int file, void *to, size_t bytes);
/* 0 when all bytes were written. */
int mcu_platform_write(int file, const void *from, size_t bytes);
void mcu_platform_exit(int code);

/* Calls run(net) itself, with nothing in between, and measures the stack of that call alone. */
int mcu_harness_call(int (*run)(MODEL_T *net), MODEL_T *net);
extern uint32_t mcu_harness_stack_bytes;

int mcu_harness_main(int adapter);

#endif
