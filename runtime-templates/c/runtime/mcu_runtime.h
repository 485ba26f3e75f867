/*
 * Mcu runtime: error codes, types and the arithmetic that every kernel shares.
 * C99, no allocation, no state. May be used freely in firmware (Apache-2.0).
 */
#ifndef MCU_RUNTIME_H
#define MCU_RUNTIME_H

#include <stddef.h>
#include <stdint.h>

/* Emitted code checks this number: code and runtime of different versions do not mix. */
#define MCU_RUNTIME_VERSION 1

#define MCU_OK 0              /* success */
#define MCU_ERROR_ARGUMENT 1  /* a null pointer */
#define MCU_ERROR_ARENA 2     /* arena too small or not aligned */
#define MCU_ERROR_ADAPTER 3   /* no adapter has this index */

/*
 * Address space of the large constants: AVR reads its flash by instructions of their own, which GCC uses behind __flash (GNU C;
 * the first 64 KiB). Kernels read such constants through pointers of this kind only; everywhere else it is nothing.
 */
#ifndef MCU_FLASH
#if defined(__AVR__) && defined(__FLASH)
#define MCU_FLASH __flash
#else
#define MCU_FLASH
#endif
#endif

/* Where constants go; define these on the command line to choose sections, e.g. external flash. */
#ifndef MCU_SECTION
#if defined(__GNUC__) && !defined(__APPLE__) && !defined(__AVR__) /* the address space is the section there */
#define MCU_SECTION(name) __attribute__((section(name)))
#else
#define MCU_SECTION(name)
#endif
#endif
#ifndef MCU_WEIGHTS
#define MCU_WEIGHTS MCU_SECTION(".rodata.mcu_weights")
#endif
#ifndef MCU_ADAPTER
#define MCU_ADAPTER MCU_SECTION(".rodata.mcu_adapter")
#endif

/*
 * Called before (phase 0) and after (phase 1) each layer; for profiling, or to yield in an RTOS. The arena must not be
 * touched from it.
 */
typedef void (*mcu_hook)(void *user, int layer, int phase);

/* Kernels load constants as words. */
#ifndef MCU_ALIGN4
#if defined(__GNUC__)
#define MCU_ALIGN4 __attribute__((aligned(4)))
#else
#define MCU_ALIGN4
#endif
#endif

/* Keeps the stack of a rare path out of the frame of the usual one. */
#ifndef MCU_NOINLINE
#if defined(__GNUC__)
#define MCU_NOINLINE __attribute__((noinline))
#else
#define MCU_NOINLINE
#endif
#endif

/* Static assertion that C99 accepts. */
#define MCU_STATIC_ASSERT(condition, name) typedef char mcu_assert_##name[(condition) ? 1 : -1]

#endif
