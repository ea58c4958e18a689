#pragma once

// What test and [ do: 0 when the expression in the arguments is true, 1 when it is false, 2, after a message,
// when it is none. The first argument is the command's name.
int condition_command(int count, char **arguments);
