// Checksums of what is on the disk.
#pragma once

#include <stddef.h>
#include <stdint.h>

// CRC32C (Castagnoli, polynomial 0x1EDC6F41, reflected).
uint32_t crc32c(const void *data, size_t bytes);

// Of a whole block. Tells blocks that arrived from blocks that did not, wholly or in some sectors, at two
// instructions per eight bytes where CRC32C takes thirty.
uint64_t block_digest(const void *block);
