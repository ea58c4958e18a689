// The default pager's requests: anonymous memory that may be swapped out.
//
// A client connects and gets a session endpoint; its objects are known there only, by numbers. The client
// holds a capability for each object's memory, without RIGHT_CONTROL: sizes change and copies are made
// through here. Word 0 of an answer is the result or a negative errno.
//
// ENOMEM: a request that could not be kept even if everything else were swapped out, or any request at all
// while little is left (one page in 16 of memory plus swap). Memory is promised beyond what there is
// otherwise; a page that cannot be found then ends its toucher by an exception.
#pragma once

#define PAGER_SERVICE "pager" // to the name server

enum pager_request {
  PAGER_CONNECT = 1, // () -> 0; capability: the session. To the pager's own endpoint.

  // (pages, how many of them are likely to be touched, or 0: all) -> object; capability: its memory. Zero
  // when first touched.
  PAGER_CREATE,
  PAGER_DUPLICATE, // (object) -> object; capability: its memory: a copy, made page by page at the first write
  PAGER_RESIZE,    // (object, pages) -> 0; what is behind the new end is lost
  PAGER_RELEASE,   // (object) -> 0: gone, when nobody maps it any more
  PAGER_STATISTICS // () -> 0; word 1: pages resident, word 2: pages of swap, word 3: of these in use
};
