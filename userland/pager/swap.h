// The swap area: slots of one page each, on the disk.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// A slot's number. SLOT_NONE is none.
typedef uint32_t swap_slot;
#define SLOT_NONE 0u

#define SWAP_MOST_PAGES 16u // written at once

// Finds the swap area of the disk. False if there is none: nothing can be swapped out then.
bool swap_open(void);

uint64_t swap_slots(void);      // there are
uint64_t swap_free_slots(void); // of these

// Reserves up to `most` slots in a row, each in use once. Returns how many, from *first on; 0: all are taken.
unsigned swap_reserve(unsigned most, swap_slot *first);

// One more, or one fewer, object has its page there.
void swap_retain(swap_slot slot);
void swap_release(swap_slot slot);

// Where page `index` (below SWAP_MOST_PAGES) of what is written lies before, and page 0 after reading.
uint8_t *swap_buffer(unsigned index);

// Writes pages 0 to `count` - 1 of the buffer to slots in a row, or reads one. Returns 0 or an error.
int64_t swap_write(swap_slot first, unsigned count);
int64_t swap_read(swap_slot slot);
