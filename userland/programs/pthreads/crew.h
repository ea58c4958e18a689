// Threads that all do the same.
#pragma once

// Runs `work(number)` in `count` threads at once, with numbers from 0, and waits for all. Ends the program
// when a thread cannot be created.
void crew_run(unsigned count, void (*work)(unsigned number));
