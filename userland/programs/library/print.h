#pragma once
// What echo and printf do. The first argument is the command's name; the results are exit statuses.

int echo_command(int count, char **arguments);
int printf_command(int count, char **arguments);
