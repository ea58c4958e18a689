// Counts primes by trial division: nothing but computing, so that the timer alone makes it share the
// processor.

#include "print.h"
#include "program.h"
#include "string.h"

static bool is_prime(uint64_t number) {
  for (uint64_t divisor = 2; divisor * divisor <= number; divisor++) {
    if (number % divisor == 0)
      return false;
  }
  return true;
}

int main(int count, const char *const arguments[]) {
  uint64_t limit = 100000;
  if (count > 2 || (count == 2 && !parse_number(arguments[1], 1000000000, &limit))) {
    print("usage: primes [LIMIT], at most 1000000000\n");
    return 2;
  }
  uint64_t primes = 0;
  for (uint64_t number = 2; number < limit; number++)
    primes += is_prime(number);
  print("primes: %lu below %lu\n", primes, limit);
  return 0;
}
