#include "equipment.h"
#include "lib/kernel.h"
#include "lib/say.h"
#include <stdio.h>

static struct initrd initrd;
static struct device disk, uart;

// What the disk reads and writes beside its clients' data. It outlives the driver: the disk may still write
// there until the next driver has reset it.
#define DISK_MEMORY_PAGES 2
static handle_t disk_memory;

void equipment_open(const struct initrd *opened) {
  initrd = *opened;
  disk = machine_disk();
  uart = machine_uart();
  int64_t memory = kernel_create_memory(DISK_MEMORY_PAGES, MEMORY_WIRED, 0, 0);
  if (memory < 0)
    die("no memory for the disk");
  disk_memory = (handle_t)memory;
}

void equip_grant(struct equipment *equipment, handle_t handle, uint32_t rights, uint64_t badge) {
  if (equipment->grant_count < MOST_GRANTS)
    equipment->grants[equipment->grant_count++] = (struct launch_grant){handle, rights, badge};
}

void equip_argument(struct equipment *equipment, const char *argument) {
  if (equipment->argument_count < MOST_ARGUMENTS)
    equipment->arguments[equipment->argument_count++] = argument;
}

static void equip_device(struct equipment *equipment, const struct device *device) {
  if (device->registers == 0)
    return;
  equip_grant(equipment, device->registers, RIGHT_READ | RIGHT_WRITE, 0);
  equip_grant(equipment, device->interrupt, RIGHT_CONTROL, 0);
}

void equip_names(struct equipment *equipment) { (void)equipment; }

void equip_disk(struct equipment *equipment) {
  equip_device(equipment, &disk);
  if (disk.registers != 0)
    equip_grant(equipment, disk_memory, RIGHT_READ | RIGHT_WRITE | RIGHT_CONTROL, 0);
}

void equip_pager(struct equipment *equipment) { equip_argument(equipment, machine_option("swap", "on")); }

void equip_terminal(struct equipment *equipment) {
  static char shift[12];
  equip_device(equipment, &uart);
  snprintf(shift, sizeof shift, "%u", uart.shift);
  equip_argument(equipment, shift);
}

void equip_files(struct equipment *equipment) {
  static char offset[24], length[24];
  equip_grant(equipment, initrd.memory, RIGHT_READ, 0);
  equip_argument(equipment, machine_option("files", "workers"));
  snprintf(offset, sizeof offset, "%lu", initrd.offset);
  snprintf(length, sizeof length, "%lu", initrd.length);
  equip_argument(equipment, offset);
  equip_argument(equipment, length);
}

void equip_process(struct equipment *equipment) {
  static char realtime[32];
  snprintf(realtime, sizeof realtime, "realtime=%lu", machine_realtime());
  equip_argument(equipment, realtime);
  equip_argument(equipment, machine_option("init", "/bin/init"));
}
