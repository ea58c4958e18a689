// What servers tell the supervisor, which started them. The badge of the endpoint says who speaks.
#pragma once

enum supervisor_request {
  SUPERVISOR_READY = 1, // () -> 0: the server serves from now on
  SUPERVISOR_POWER,     // (POWER_OFF or POWER_REBOOT, status): no answer if all goes well. EPERM but for
                        // "process"
};
