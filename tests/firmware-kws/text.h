/* Words, numbers and bytes of a line. */
#ifndef TEXT_H
#define TEXT_H

#include <stddef.h>
#include <stdint.h>

/* Whether a line begins with a word; *rest stands behind it and the space that follows. */
int text_word(const char *line, const char *word, const char **rest);

/* A decimal number and the space behind it; 0 when there is none, or one above 65,535. */
int text_number(const char **at, uint32_t *value);

/* Bytes in hexadecimal up to the end of the line; how many, or -1 for other characters, half a byte or more than fit. */
int text_bytes(const char *at, void *bytes, size_t most);

/* Write at to, ended by a zero; where that stands. */
char *text_put(char *to, const char *text);
char *text_put_number(char *to, uint32_t value);
char *text_put_bytes(char *to, const void *bytes, size_t count);

#endif
