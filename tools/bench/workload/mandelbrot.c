// Double precision in short dependent chains: how soon points of a grid escape from z = z^2 + c.

#include "workload.h"

enum { COLUMNS = 96, ROWS = 64, LIMIT = 200 };

static uint32_t steps_to_escape(double c_real, double c_imaginary) {
  double real = 0, imaginary = 0;
  for (uint32_t step = 0; step < LIMIT; step++) {
    double real_squared = real * real, imaginary_squared = imaginary * imaginary;
    if (real_squared + imaginary_squared > 4)
      return step;
    imaginary = 2 * real * imaginary + c_imaginary;
    real = real_squared - imaginary_squared + c_real;
  }
  return LIMIT;
}

static uint64_t run(void) {
  uint64_t checksum = 0;
  for (int row = 0; row < ROWS; row++)
    for (int column = 0; column < COLUMNS; column++)
      checksum = fold(checksum, steps_to_escape(-2.1 + 2.8 * column / COLUMNS, -1.2 + 2.4 * row / ROWS));
  return checksum;
}

const struct workload workload = {.name = "mandelbrot", .checksum = 0x585289cd0014b6ce, .run = run};
