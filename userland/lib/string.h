#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memmove(void *to, const void *from, size_t bytes);
void *memset(void *to, int value, size_t bytes);
int memcmp(const void *left, const void *right, size_t bytes);
size_t strlen(const char *string);
int strcmp(const char *left, const char *right);

// Reads a decimal number that is all of `text`. Returns false if it is none, or is above `most`.
bool parse_number(const char *text, uint64_t most, uint64_t *number);
