/*
 * AVR, whose emulator has no semihosting: files over the first serial port.
 *
 * To the firmware: the adapter's index (u8), the length of "in.bin" (u32), its bytes. From it, frames of {file (u8), length
 * (u16), bytes}, and at the end {255, exit code}. Numbers are little-endian; then the program stands at mcu_platform_end.
 */
#include "harness.h"

#include <avr/io.h>
#include <string.h>

#define EXIT_FAULT 70
#define FILE_EXIT 255
#define FILE_INPUT 4 /* the last of names */
#define BYTES_PER_FRAME 0xffffu

enum {
    FAULT_STACK_OVERFLOW = 1,
    FAULT_INTERRUPT = 2,
    FAULT_NULL_CALL = 3
};

static const char names[][12] = {"out.bin", "stat.bin", "probes.bin", "fault.bin", "in.bin"};
static uint32_t input_left;

static uint8_t receive(void) {
    while ((UCSR0A & _BV(RXC0)) == 0) {
    }
    return UDR0;
}

static void send(uint8_t byte) {
    while ((UCSR0A & _BV(UDRE0)) == 0) {
    }
    UDR0 = byte;
}

int mcu_platform_open(const char *name, int for_writing) {
    (void)for_writing;
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(name, names[i]) == 0) {
            return (int)i;
        }
    }
    return -1;
}

size_t mcu_platform_read(int file, void *to, size_t bytes) {
    uint8_t *at = to;
    size_t count = 0;
    for (; file == FILE_INPUT && count < bytes && input_left != 0; count++, input_left--) {
        *at++ = receive();
    }
    return count;
}

int mcu_platform_write(int file, const void *from, size_t bytes) {
    const uint8_t *at = from;
    while (bytes != 0) {
        const size_t part = bytes < BYTES_PER_FRAME ? bytes : BYTES_PER_FRAME;
        send((uint8_t)file);
        send((uint8_t)part);
        send((uint8_t)(part >> 8));
        for (size_t i = 0; i < part; i++) {
            send(*at++);
        }
        bytes -= part;
    }
    return 0;
}

void mcu_platform_exit(int code) {
    send(FILE_EXIT);
    send((uint8_t)code);
    __asm volatile("jmp mcu_platform_end");
    __builtin_unreachable();
}

/* The record: cause (u8), an address in flash (u32, in words) or 0. */
static void fault(uint8_t cause, uint32_t place) {
    const int file = mcu_platform_open("fault.bin", 1);
    (void)mcu_platform_write(file, &cause, sizeof cause);
    (void)mcu_platform_write(file, &place, sizeof place);
    mcu_platform_exit(EXIT_FAULT);
}

void mcu_stack_overflow(void);
void mcu_bad_interrupt(void);
void mcu_null_call(uint32_t return_words);

/* The network has written below the end of the stack. */
void mcu_stack_overflow(void) {
    fault(FAULT_STACK_OVERFLOW, 0);
}

/* An interrupt that nobody asked for, or a jump into the vectors. */
void mcu_bad_interrupt(void) {
    fault(FAULT_INTERRUPT, 0);
}

/* The start-up was called by the program. */
void mcu_null_call(uint32_t return_words) {
    fault(FAULT_NULL_CALL, return_words);
}

int main(void) {
    UCSR0B = _BV(RXEN0) | _BV(TXEN0);
    (void)UDR0; /* empties the receiver; QEMU begins to send at a read */
    const int adapter = receive();
    for (int i = 0; i < 32; i += 8) {
        input_left |= (uint32_t)receive() << i;
    }
    mcu_platform_exit(mcu_harness_main(adapter));
}
