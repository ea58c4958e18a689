// Sends signals to processes.

#include "send_signal.h"

int main(int count, char **arguments) { return send_signal(count, arguments); }
