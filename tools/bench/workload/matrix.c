// Single precision over arrays: products of matrices, each scaled back so that powers stay in range.

#include "workload.h"

enum { SIZE = 64, FACTORS = 4 };

static float factor[SIZE][SIZE], power[SIZE][SIZE], product[SIZE][SIZE];

static void prepare(void) {
  uint64_t random = 0xd1b54a32d192ed03;
  for (int row = 0; row < SIZE; row++)
    for (int column = 0; column < SIZE; column++)
      factor[row][column] = (float)(int32_t)next_random(&random) / 2147483648.0f;
}

static void multiply(void) {
  for (int row = 0; row < SIZE; row++) {
    for (int column = 0; column < SIZE; column++)
      product[row][column] = 0;
    for (int i = 0; i < SIZE; i++)
      for (int column = 0; column < SIZE; column++)
        product[row][column] += power[row][i] * factor[i][column];
  }
}

static float largest_in_product(void) {
  float largest = 0;
  for (int row = 0; row < SIZE; row++)
    for (int column = 0; column < SIZE; column++) {
      float magnitude = __builtin_fabsf(product[row][column]);
      largest = magnitude > largest ? magnitude : largest;
    }
  return largest;
}

static uint64_t run(void) {
  memcpy(power, factor, sizeof power);
  for (int i = 0; i < FACTORS; i++) {
    multiply();
    float scale = 1 / largest_in_product();
    for (int row = 0; row < SIZE; row++)
      for (int column = 0; column < SIZE; column++)
        power[row][column] = product[row][column] * scale;
  }
  uint64_t checksum = 0;
  for (int row = 0; row < SIZE; row++)
    for (int column = 0; column < SIZE; column++) {
      uint32_t bits;
      memcpy(&bits, &power[row][column], sizeof bits);
      checksum = fold(checksum, bits);
    }
  return checksum;
}

const struct workload workload = {.name = "matrix",
                                  .checksum = FUSED_OR_NOT(0x37527cf224707e81, 0x780d83129e9d69f1),
                                  .prepare = prepare,
                                  .run = run};
