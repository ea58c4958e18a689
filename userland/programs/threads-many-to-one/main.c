// The demonstration of userland/threads, linked with the many-to-one implementation; `threads` shows all
// three side by side.
#include "demonstration.h"

#include <stddef.h>

int main(int argc, char **argv) { demonstrate(argc > 1 ? argv[1] : NULL); }
