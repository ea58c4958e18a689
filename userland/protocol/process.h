// The POSIX server's face beyond Linux's system calls, which reach it through the kernel (LABEL_SYSTEM_CALL).
//
// It is started with the path of its first program, "init", and that program's arguments. It finds the file
// server, the terminal server and the default pager by name, and takes requests of no other client: who wants
// to start, stop or look at processes is a process.
#pragma once

// Processes of the microkernel that are not POSIX processes (servers) appear in /proc under these ids: this
// plus what the kernel calls them (struct process_info).
#define NATIVE_PROCESS_IDS 1000000

// reboot(2) with LINUX_REBOOT_CMD_POWER_OFF takes the machine's exit status as its argument.
