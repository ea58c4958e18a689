// Prints its arguments as a format says.

#include "print.h"
#include "usage.h"

int main(int count, char **arguments) { finish(printf_command(count, arguments)); }
