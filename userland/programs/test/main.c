// Tells by its exit status whether an expression is true.

#include "condition.h"

int main(int count, char **arguments) { return condition_command(count, arguments); }
