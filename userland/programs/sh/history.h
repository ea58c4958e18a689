#pragma once
// The lines that were typed, and the file ($HISTFILE, if it is set) that remembers them.

// Reads the file.
void history_start(void);
void history_add(const char *line);
// The line that was typed `steps` before the newest, which is 1; NULL when there is none.
const char *history_line(int steps);

int history_command(int count, char **arguments);
