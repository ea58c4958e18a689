// What every program defines. The result is the exit status, 0 for success.
#pragma once

int main(int count, const char *const arguments[]);
