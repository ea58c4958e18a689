// Counts primes by trial division: nothing but computing, so that the timer alone makes it share the
// processor.

#include "quantity.h"
#include "usage.h"
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

static bool is_prime(int64_t number) {
  for (int64_t divisor = 2; divisor * divisor <= number; divisor++) {
    if (number % divisor == 0)
      return false;
  }
  return true;
}

int main(int count, char **arguments) {
  if (count > 2)
    usage("primes [LIMIT]");
  int64_t limit = count == 2 ? parse_quantity(arguments[1], 0, "a limit") : 100000, primes = 0;
  for (int64_t number = 2; number < limit; number++)
    primes += is_prime(number);
  printf("primes: %" PRId64 " below %" PRId64 "\n", primes, limit);
  finish(0);
}
