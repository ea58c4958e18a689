// The volume on the disk, if there is one: transfers go to the disk driver, which tells of their end.
#pragma once

#include "lib/handles.h"
#include <stdint.h>

// Connects to the driver, which will signal `notification`, and mounts what is on the disk at /disk.
// `cache_bytes` of memory are for it. Until then, `volumes_wait` must work. Does nothing where there is no
// disk of ours.
void disk_open(handle_t notification, uint64_t cache_bytes);

// Takes note of transfers that have ended; begins others.
void disk_collect(void);

// Looks after a driver that died with transfers under way: nobody tells us. To be called now and then.
void disk_check(void);
