// One request to a file server and its answer.
#pragma once

#include "lines.h"

// The first line of the answer to `request`, or null; `data`, with room for `room` bytes, receives what a
// "data COUNT" line announces, and *count how much. While nobody listens, this tries again for a few seconds.
// When the server ends without having answered, that is tried again only if the request is `repeatable`: it
// may have been carried out.
const char *ask(struct lines *answer, const char *socket, const char *request, int repeatable, void *data,
                size_t room, size_t *count);
