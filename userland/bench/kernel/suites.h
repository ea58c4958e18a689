// The suites, each of which prints what it measured.
#pragma once

// What there is to run: creating processes and threads, and switching between them.
void measure_creation(void);
void measure_switching(void);

// By a thread that is more urgent than the one that is to measure switching.
void prepare_switching(void);

// What they say to each other, and how.
void measure_calls(void);
void measure_queues(void);

// What the kernel does besides: its entry, page faults, interrupts. The last one lowers the caller's
// priority.
void measure_faults(void);
void measure_interrupts(void);
