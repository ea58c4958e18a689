// What a client can ask for, a line each:
//
//   work MILLISECONDS   answered, after so long, by "done PID": a stand-in for a disk, or another server
//   who                 answered by "PID", that of the process which serves it
//
// and anything else is answered by "error TEXT".
#pragma once

// Serves one client until it leaves.
void session(int input, int output);
