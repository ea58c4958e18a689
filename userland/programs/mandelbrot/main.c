// Draws the Mandelbrot set: floating point in user mode, in a kernel that uses none.

#include <stdio.h>

#define COLUMNS    64
#define ROWS       24
#define ITERATIONS 200

static int escape_time(double real, double imaginary) {
  double x = 0, y = 0;
  for (int iteration = 0; iteration < ITERATIONS; iteration++) {
    double xx = x * x, yy = y * y;
    if (xx + yy > 4)
      return iteration;
    y = 2 * x * y + imaginary;
    x = xx - yy + real;
  }
  return ITERATIONS;
}

int main(void) {
  static const char shades[] = " .:-=+*#%@";
  for (int row = 0; row < ROWS; row++) {
    char line[COLUMNS + 1] = {0};
    for (int column = 0; column < COLUMNS; column++) {
      int time = escape_time(-2.2 + 3.2 * column / COLUMNS, -1.2 + 2.4 * row / (ROWS - 1));
      line[column] = time == ITERATIONS ? '@' : shades[time % 9];
    }
    puts(line);
  }
  return 0;
}
