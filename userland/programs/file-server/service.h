// What the two kinds of file server differ in. A connection carries one request and its answer; an answer is
// a line and, after "data COUNT", so many bytes. What failed is answered by "error ERRNO TEXT".
#pragma once

struct service {
  const char *name;
  // Answers one request about files in the folder `root`.
  void (*answer)(int root, const char *request, int client);
};

// Stateless: a request says everything there is to know, so any server that has the files can answer it.
//
//   read OFFSET LENGTH NAME   "data COUNT" and the bytes; COUNT is 0 behind the end
extern const struct service stateless;

// Stateful: the server remembers for its clients what is open and how far they have read. A server that ends
// takes this along, and a client that ends without closing leaves it behind.
//
//   open NAME                 "handle HANDLE"
//   read HANDLE LENGTH        "data COUNT" and the next bytes
//   close HANDLE              "closed"
extern const struct service stateful;

// Answers "error ERRNO TEXT".
void answer_error(int client, int error);

// Opens `name` in `root` for reading. Names that lead elsewhere are -EACCES. Returns a descriptor or -errno.
int open_file(int root, const char *name);

// Reads at `offset`, at most `length` bytes and LARGEST_READ, and answers. Returns how many, or -errno after
// that answer.
long answer_read(int client, int descriptor, long offset, unsigned long length);

enum { LARGEST_READ = 4096 };
