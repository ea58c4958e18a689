// Prints its arguments.

#include "print.h"
#include "usage.h"

int main(int count, char **arguments) { finish(echo_command(count, arguments)); }
