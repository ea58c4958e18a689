// What the kernel gives the first process, behind its own process and the machine.
#pragma once

#define HANDLE_OWN_THREAD 3u
#define HANDLE_INITRD     4u
