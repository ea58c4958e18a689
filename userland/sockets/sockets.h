// Unix stream sockets, for programs that serve and programs that ask. Results are descriptors, or -errno.
#pragma once

// A socket that listens at `path`. A socket that an earlier server left there is replaced.
int socket_listen(const char *path);

// A connection to whoever listens at `path`. Nobody does when it is -ENOENT or -ECONNREFUSED.
int socket_connect(const char *path);

// The next client of a listening socket.
int socket_accept(int listener);
