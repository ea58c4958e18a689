// Tries every instruction of F and D in every rounding mode on many operands, and prints a digest of the
// outcomes.

#include "trial.h"

enum { MODES = 5, ROUNDS = 500 };

static volatile uint8_t *const serial = (volatile uint8_t *)0x10000000;
static volatile uint32_t *const finisher = (volatile uint32_t *)0x100000;

static void print(const char *text) {
  while (*text != 0)
    *serial = (uint8_t)*text++;
}

static void print_hex(uint64_t value, int digits) {
  for (int i = digits - 1; i >= 0; i--)
    *serial = (uint8_t) "0123456789abcdef"[(value >> (4 * i)) & 15];
}

static uint64_t seed = 0x9e3779b97f4a7c15;

static uint64_t random(void) {
  seed ^= seed << 13;
  seed ^= seed >> 7;
  seed ^= seed << 17;
  return seed;
}

/** A value of a format: often near one, near another bound, or with long runs of equal fraction bits. */
static uint64_t number(int exponent_bits, int fraction_bits) {
  uint64_t fraction_mask = ((uint64_t)1 << fraction_bits) - 1;
  uint64_t largest = ((uint64_t)1 << exponent_bits) - 1;
  uint64_t bias = largest >> 1;
  uint64_t choice = random();
  uint64_t exponent = bias - (uint64_t)fraction_bits - 2 + (choice >> 8) % (uint64_t)(2 * fraction_bits + 6);
  switch (choice & 7) {
  case 0:
    exponent = 0;
    break;
  case 1:
    exponent = largest - ((choice >> 8) & 1);
    break;
  case 2:
    exponent = (choice >> 8) & largest;
    break;
  case 3:
    exponent = bias + ((choice >> 8) & 1);
    break;
  default:
    break;
  }
  uint64_t fraction = random() & fraction_mask;
  uint64_t run = fraction_mask >> (choice >> 40) % (uint64_t)(fraction_bits + 1);
  switch ((choice >> 3) & 7) {
  case 0:
    fraction = 0;
    break;
  case 1:
    fraction = run;
    break;
  case 2:
    fraction = fraction_mask & ~run;
    break;
  case 3:
    fraction = (run + 1) & fraction_mask;
    break;
  case 4:
    fraction &= ~run;
    break;
  default:
    break;
  }
  uint64_t sign = choice >> 63;
  return (sign << (exponent_bits + fraction_bits)) | (exponent & largest) << fraction_bits | fraction;
}

static uint64_t operand(uint64_t kind) {
  if (kind == DOUBLES)
    return number(11, 52);
  if (kind == INTEGERS) {
    uint64_t value = random() >> (random() & 63);
    return (random() & 1) != 0 ? -value : value;
  }
  // One in sixteen is not properly boxed.
  uint64_t single = number(8, 23);
  return (random() & 15) == 0 ? single | random() << 32 : single | 0xffffffff00000000;
}

static void digest(uint64_t *sum, uint64_t value) {
  *sum = (*sum ^ value) * 0x100000001b3;
  *sum ^= *sum >> 29;
}

void main(void);

void main(void) {
  for (const struct trial *trial = trials; trial < trials_end; trial++) {
    for (uint64_t mode = 0; mode < MODES; mode++) {
      uint64_t sum = 0;
      for (int round = 0; round < ROUNDS; round++) {
        uint64_t operands[3];
        for (int i = 0; i < 3; i++)
          operands[i] = operand(trial->operands);
        struct outcome outcome;
        try(trial->code, operands, mode, &outcome);
        digest(&sum, outcome.integer);
        digest(&sum, outcome.floating);
        digest(&sum, outcome.flags);
      }
      print(trial->text);
      print(" mode ");
      print_hex(mode, 1);
      print(": ");
      print_hex(sum, 16);
      print("\n");
    }
  }
  *finisher = 0x5555;
}
