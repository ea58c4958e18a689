// What operations answer when they cannot be done: the negative of one of these. The numbers are those of
// Linux.
#pragma once

enum files_error {
  FILES_NOT_PERMITTED = 1,
  FILES_NOT_FOUND = 2,
  FILES_IO_ERROR = 5,
  FILES_BUSY = 16,
  FILES_EXISTS = 17,
  FILES_NOT_A_DIRECTORY = 20,
  FILES_IS_A_DIRECTORY = 21,
  FILES_INVALID = 22,
  FILES_TOO_LARGE = 27,
  FILES_NO_SPACE = 28,
  FILES_READ_ONLY = 30,
  FILES_TOO_MANY_LINKS = 31,
  FILES_NAME_TOO_LONG = 36,
  FILES_NOT_EMPTY = 39,
  FILES_LOOP = 40,
  FILES_STALE = 116,
  // What is on the disk contradicts itself; the checker says where.
  FILES_CORRUPT = 117,
};
