#pragma once
// Bytes and strings. The compiler too may call the first two.

#include <stdbool.h>
#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memset(void *to, int byte, size_t bytes);
size_t text_length(const char *text);
bool text_equal(const char *a, const char *b);
