// The name server's requests: which endpoint serves which name.
//
// A name is up to 31 bytes in words 0..3, padded with null bytes (names_pack). Word 0 of an answer is 0 or a
// negative errno.
#pragma once

#include <stdint.h>
#include <string.h>

#define NAMES_BYTES 32u

// The badge of endpoint capabilities whose holder may register.
#define NAMES_REGISTRAR 1u

enum names_request {
  NAMES_FIND = 1, // (name) -> 0; capability: the endpoint; or ENOENT
  NAMES_AWAIT,    // the same, but the answer comes when there is one
  NAMES_REGISTER, // (name; capability: the endpoint) -> 0; replaces the one before; only for the registrar
  NAMES_REMOVE,   // (name) -> 0 or ENOENT; only for the registrar
  NAMES_LIST,     // (index) -> 0 and, in words 1..3, the first 23 bytes of the name; ENOENT past the last
};

// Puts a name into the words of a message. Longer names are cut.
static inline void names_pack(const char *name, uint64_t words[4]) {
  char bytes[NAMES_BYTES] = {0};
  for (unsigned i = 0; i < NAMES_BYTES - 1 && name[i] != 0; i++)
    bytes[i] = name[i];
  memcpy(words, bytes, sizeof bytes);
}
