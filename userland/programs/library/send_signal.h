#pragma once

// What kill does: [-SIGNAL | -s SIGNAL] PID..., or -l. Returns the exit status.
int send_signal(int count, char **arguments);
