// Ways to serve many clients. Each returns when nobody has come for `patience_milliseconds`; -1 is for ever.
#pragma once

void serve_iteratively(int listener, int patience_milliseconds);
void serve_in_processes(int listener, int patience_milliseconds);
void serve_in_threads(int listener, int patience_milliseconds);

// Serves the one client that stdin and stdout are connected to.
void serve_session(int unused_listener, int unused_patience);
