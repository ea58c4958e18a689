// Calls and returns: Fibonacci numbers by the doubly recursive definition.

#include "workload.h"

enum { N = 27, FIB_N = 196418 };

__attribute__((noinline)) static uint64_t fib(uint64_t n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }

static uint64_t run(void) { return fib(N); }

const struct workload workload = {.name = "fib", .checksum = FIB_N, .run = run};
