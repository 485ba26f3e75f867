/* Restarts and output on an emulated Cortex-M: a restart is a reset of the system; .noinit outlives it. */
#include "restart.h"
#include <stdarg.h>
#include <string.h>

enum { SYS_WRITE0 = 0x04, SYS_GET_CMDLINE = 0x15, SYS_EXIT_EXTENDED = 0x20 };

static uint32_t semihost(uint32_t operation, const void *arguments)
{
    register uint32_t r0 __asm("r0") = operation;
    register const void *r1 __asm("r1") = arguments;
    __asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

void restart_program(void)
{
    *(volatile uint32_t *)0xE000ED0Cu = 0x05FA0004u; /* AIRCR: SYSRESETREQ */
    for (;;) {
    }
}

static char *put_number(char *at, uint32_t value)
{
    char digits[10];
    unsigned count = 0;
    do {
        digits[count++] = (char)('0' + value % 10u);
        value /= 10u;
    } while (value != 0);
    while (count != 0) {
        *at++ = digits[--count];
    }
    return at;
}

void report(const char *format, ...)
{
    char text[200];
    char *at = text;
    va_list arguments;
    va_start(arguments, format);
    for (; *format != '\0' && at < text + sizeof text - 12; format++) {
        if (format[0] == '%' && format[1] == 'u') {
            at = put_number(at, va_arg(arguments, uint32_t));
            format++;
        } else {
            *at++ = *format;
        }
    }
    va_end(arguments);
    *at = '\0';
    semihost(SYS_WRITE0, text);
}

void mcu_platform_exit(int code);

void mcu_platform_exit(int code)
{
    const uint32_t arguments[2] = {0x20026u, (uint32_t)code};
    semihost(SYS_EXIT_EXTENDED, arguments);
    for (;;) {
    }
}

void mcu_fault_report(uint32_t exc_return, const uint32_t *frame, uint32_t exception);

void mcu_fault_report(uint32_t exc_return, const uint32_t *frame, uint32_t exception)
{
    (void)exc_return;
    report("fault %u at %u\n", exception, frame[6]);
    mcu_platform_exit(70);
}

static uint32_t next_number(const char **at)
{
    uint32_t value = 0;
    while (**at != '\0' && (**at < '0' || **at > '9')) {
        ++*at;
    }
    for (; **at >= '0' && **at <= '9'; ++*at) {
        value = value * 10u + (uint32_t)(**at - '0');
    }
    return value;
}

int main(void);

int main(void)
{
    static char line[80];
    const uint32_t arguments[2] = {(uint32_t)line, sizeof line};
    const char *at = line;
    semihost(SYS_GET_CMDLINE, arguments);
    const uint32_t a = next_number(&at);
    const uint32_t b = next_number(&at);
    return program_main(a, b, next_number(&at));
}
