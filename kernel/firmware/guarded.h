#pragma once
// Access to memory that may fault.

#include <stdint.h>

// Of a load: the value read. `fault` is the exception's cause, 0 for none (no data access raises cause 0),
// and then `value` is the address of the byte that faulted.
struct guarded {
  uint64_t value;
  uint64_t fault;
};

// Reads 1 to 8 bytes, little-endian, at any alignment. With MSTATUS_MPRV in `mstatus_bits` the access is made
// as the interrupted program would make it, with MSTATUS_MXR too as if it fetched an instruction; with 0, as
// machine mode.
struct guarded guarded_load(uint64_t address, uint64_t bytes, uint64_t mstatus_bits);

// Writes the low `bytes` bytes of `value`; those before a fault stay written.
struct guarded guarded_store(uint64_t address, uint64_t bytes, uint64_t mstatus_bits, uint64_t value);
