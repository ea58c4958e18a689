// A thread's place in its own computation: a stack, and how to leave it and come back.
#pragma once

#include <stddef.h>

// Keeps the caller's registers on its stack, its stack pointer in *save, and goes on where `restore` was
// saved.
void context_switch(void **save, void *restore);

// What to hand to context_switch so that a stack that ends at `top` (a multiple of 16) begins with `entry()`,
// which must not return.
void *context_begin(void *top, void (*entry)(void));

// Room on a stack, whole pages.
enum { STACK_BYTES = 64 * 1024 };

// The end (highest address) of a stack of STACK_BYTES below which lies a page that nobody may touch: a thread
// that outgrows its stack dies of it and spoils no other. Null when memory is short.
void *stack_allocate(void);

// Takes back what stack_allocate returned.
void stack_free(void *top);
