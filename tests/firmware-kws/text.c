#include "text.h"
#include <string.h>

int text_word(const char *line, const char *word, const char **rest)
{
    const size_t length = strlen(word);
    if (strncmp(line, word, length) != 0 || (line[length] != ' ' && line[length] != '\0')) {
        return 0;
    }
    *rest = line + length + (line[length] == ' ');
    return 1;
}

int text_number(const char **at, uint32_t *value)
{
    const char *digit = *at;
    for (*value = 0; *digit >= '0' && *digit <= '9' && *value <= 0xFFFFu; digit++) {
        *value = *value * 10u + (uint32_t)(*digit - '0');
    }
    const int is_number = digit != *at && (*digit == ' ' || *digit == '\0') && *value <= 0xFFFFu;
    *at = digit + (*digit == ' ');
    return is_number;
}

static int digit_of(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int text_bytes(const char *at, void *bytes, size_t most)
{
    uint8_t *to = bytes;
    size_t count = 0;
    for (; *at != '\0'; at += 2) {
        const int high = digit_of(at[0]);
        const int low = high < 0 ? -1 : digit_of(at[1]);
        if (low < 0 || count == most) {
            return -1;
        }
        to[count++] = (uint8_t)(high << 4 | low);
    }
    return (int)count;
}

char *text_put(char *to, const char *text)
{
    while ((*to = *text++) != '\0') {
        to++;
    }
    return to;
}

char *text_put_number(char *to, uint32_t value)
{
    char digits[10];
    unsigned count = 0;
    do {
        digits[count++] = (char)('0' + value % 10u);
        value /= 10u;
    } while (value != 0);
    while (count != 0) {
        *to++ = digits[--count];
    }
    *to = '\0';
    return to;
}

char *text_put_bytes(char *to, const void *bytes, size_t count)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *from = bytes;
    for (; count != 0; count--, from++) {
        *to++ = digits[*from >> 4];
        *to++ = digits[*from & 15u];
    }
    *to = '\0';
    return to;
}
