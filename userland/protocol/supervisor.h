// What servers tell the supervisor, which started them. The badge of the endpoint says who speaks.
#pragma once

enum supervisor_request {
  SUPERVISOR_READY = 1, // () -> 0: the server serves from now on
  SUPERVISOR_END,   // (kernel's id of a process, as INSPECT_PROCESS has it) -> 0: the server is ended, and so
                    // started anew; ESRCH if that is no server. EPERM but for "process"
  SUPERVISOR_POWER, // (POWER_OFF or POWER_REBOOT, status): no answer if all goes well. EPERM but for
                    // "process"
};
