/* What a test program that loses power needs of the place it runs in. */
#ifndef RESTART_H
#define RESTART_H

#include <stdint.h>

#if defined(__arm__)
#define PERSISTENT __attribute__((section(".noinit")))
#else
#define PERSISTENT
#endif

/* Starts the program again; variables marked PERSISTENT keep their values. */
void restart_program(void) __attribute__((noreturn));

/* At most six numbers, as %u. */
void report(const char *format, ...);

/* The test; 0 for success. */
int program_main(uint32_t a, uint32_t b, uint32_t c);

#endif
