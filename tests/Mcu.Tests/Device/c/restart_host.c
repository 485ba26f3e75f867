/* Restarts and output on the host: a restart is a jump to main. */
#include "restart.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static jmp_buf start;

void restart_program(void)
{
    longjmp(start, 1);
}

void report(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
}

int main(int argc, char **argv)
{
    const uint32_t a = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 0;
    const uint32_t b = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;
    const uint32_t c = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 0;
    (void)setjmp(start);
    return program_main(a, b, c);
}
