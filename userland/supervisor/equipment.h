// What each server gets when it is started: its capabilities and its arguments.
#pragma once

#include "lib/launch.h"
#include "machine.h"

#define MOST_GRANTS    16
#define MOST_ARGUMENTS 8

struct equipment {
  struct launch_grant grants[MOST_GRANTS];
  unsigned grant_count;
  const char *arguments[MOST_ARGUMENTS + 1]; // ended by NULL
  unsigned argument_count;
};

// Opens the devices; before any server is equipped.
void equipment_open(const struct initrd *initrd);

void equip_grant(struct equipment *equipment, handle_t handle, uint32_t rights, uint64_t badge);
void equip_argument(struct equipment *equipment, const char *argument);

// What only one server gets; from handle HANDLE_OWN on.
void equip_names(struct equipment *equipment);    // nothing
void equip_disk(struct equipment *equipment);     // (registers, interrupt, wired memory) if there is a disk
void equip_pager(struct equipment *equipment);    // argument: "on" or "off": whether to swap
void equip_terminal(struct equipment *equipment); // (registers, interrupt); argument: register shift
void equip_files(struct equipment *equipment);   // (initrd); arguments: build, offset and bytes of the initrd
void equip_process(struct equipment *equipment); // arguments: the first program's path and arguments
