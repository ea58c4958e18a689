// Tells how much memory there is, and how much of it is free.

#include "proc.h"
#include "quantity.h"
#include "usage.h"
#include <stdio.h>
#include <unistd.h>

static int shift = 10;
static bool is_human;

static void print_number(uint64_t bytes) {
  if (is_human)
    printf(" %11s", format_size(bytes));
  else
    printf(" %11ju", (uintmax_t)(bytes >> shift));
}

int main(int count, char **arguments) {
  int option;
  while ((option = getopt(count, arguments, "bhkm")) != -1) {
    if (option == '?')
      usage("free [-bkmh]");
    is_human = is_human || option == 'h';
    shift = option == 'b' ? 0 : option == 'm' ? 20 : 10;
  }
  struct memory memory = read_memory();
  uint64_t cache = memory.buffers + memory.cached;
  printf("%-7s %11s %11s %11s %11s %11s %11s\n", "", "total", "used", "free", "shared", "cache", "available");
  printf("Memory:");
  print_number(memory.total);
  print_number(memory.total - memory.unused - cache);
  print_number(memory.unused);
  print_number(memory.shared);
  print_number(cache);
  print_number(memory.available);
  printf("\nSwap:  ");
  print_number(memory.swap);
  print_number(memory.swap - memory.swap_unused);
  print_number(memory.swap_unused);
  putchar('\n');
  finish(0);
}
