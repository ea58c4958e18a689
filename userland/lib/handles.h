// The handles a server finds in its table: its creator grants them in this order, lowest free slot first.
#pragma once

#include <stdint.h>

typedef uint32_t handle_t;

#define HANDLE_PROCESS    1u // its own
#define HANDLE_MACHINE    2u // with RIGHT_SEND to print; RIGHT_READ to inspect for those that need it
#define HANDLE_NAMES      3u // the name service's endpoint
#define HANDLE_SUPERVISOR 4u // endpoint to say READY to (protocol/supervisor.h)
#define HANDLE_SERVICE    5u // the endpoint it serves, with every right; its clients hold copies
#define HANDLE_OWN        6u // the first of those it alone gets; its arguments or its header say which
