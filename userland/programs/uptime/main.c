// Tells how long the system has been up, and how busy it is.

#include "proc.h"
#include "usage.h"

int main(void) {
  struct load load = read_load();
  print_uptime(&load);
  finish(0);
}
