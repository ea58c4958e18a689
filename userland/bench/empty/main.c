// A program that does nothing, to be started.

int main(void) { return 0; }
