// The file server's requests.
//
// A client connects with a memory object, its window, and gets a session endpoint; every other request goes
// there. Data, paths and structures lie in the window, at offsets from its start that the client chooses;
// several requests may be in flight at once, each with a part of the window of its own. The server touches
// only the part a request names.
//
// Word 0 of an answer is the result: 0 or a number, or a negative Linux errno. All words not mentioned are 0.
// No request waits for anything but the disk.
//
// A *path* in a word is WINDOW_TEXT(offset, bytes): absolute, without "." and "..", not ended by a null byte,
// at most FILES_PATH_BYTES. A *target* is a path, or, with 0 bytes, the number of an open file.
//
// A server that was restarted knows no old session: it answers -ESTALE to any request on one. The client
// connects again; open files of the old session are lost.
#pragma once

#include <stdint.h>

#define FILES_SERVICE    "files" // to the name server
#define FILES_PATH_BYTES 4095u
#define FILES_NAME_BYTES 255u

#define WINDOW_TEXT(offset, bytes) ((uint64_t)(bytes) << 32 | (uint32_t)(offset))
#define WINDOW_TEXT_OFFSET(word)   ((uint32_t)(word))
#define WINDOW_TEXT_BYTES(word)    ((uint32_t)((word) >> 32))

// A number of an open file that means: whatever there is (FILES_SYNCHRONIZE).
#define FILES_EVERYTHING 0xffffffffu

// A position that means: at the end, wherever that is by then.
#define FILES_APPEND (~0ul)

// Flags of requests with a target.
#define FILES_FOLLOW 1u // the last component, if it is a symbolic link

enum files_request {
  // To the server's own endpoint: (window bytes, nanoseconds of real time when the `time` CSR was 0;
  // capability: the window) -> 0; capability: the session endpoint. Mapped for reading and writing.
  FILES_CONNECT = 1,

  // (path, Linux's O_* flags, mode, offset of a struct stat to fill in) -> number of the open file, which is
  // below 2^31. Honours O_CREAT, O_EXCL, O_TRUNC, O_DIRECTORY, O_NOFOLLOW and the access mode. A FIFO or a
  // socket is opened too: what is behind it is the client's business.
  FILES_OPEN,
  FILES_CLOSE, // (file) -> 0. An unlinked file's space is free after its last close.

  // (file, position, offset, bytes) -> bytes; 0 behind the end
  FILES_READ,
  // (file, position or FILES_APPEND, offset, bytes) -> bytes; word 1: the position behind them. Gaps are
  // zero.
  FILES_WRITE,
  // (file, cookie, offset, bytes) -> bytes of Linux's struct linux_dirent64 records, 0 at the end, EINVAL if
  // not even one fits. The first cookie is 0, later ones are the d_off of the record before. "." and ".."
  // too.
  FILES_ENTRIES,

  FILES_STAT, // (target, flags, offset of a struct stat to fill in) -> 0

  FILES_MAKE_DIRECTORY,   // (path, mode) -> 0
  FILES_MAKE_NODE,        // (path, mode with S_IFREG, S_IFIFO or S_IFSOCK) -> 0
  FILES_REMOVE_DIRECTORY, // (path) -> 0
  FILES_UNLINK,           // (path) -> 0
  FILES_RENAME,           // (path, new path, 0 or RENAME_NOREPLACE) -> 0
  FILES_LINK,             // (target, new path, flags) -> 0
  FILES_SYMLINK,          // (target text of the link, any text; path) -> 0
  FILES_READLINK,         // (path, offset, bytes) -> bytes written, no null byte

  FILES_TRUNCATE,     // (target, bytes) -> 0; longer too
  FILES_CHANGE_MODE,  // (target, flags, mode) -> 0
  FILES_CHANGE_OWNER, // (target, flags, user | group << 32) -> 0; ~0u: leave it
  FILES_SET_TIMES,    // (target, flags, offset of two struct timespec: access, modification) -> 0; UTIME_OMIT

  // (file or FILES_EVERYTHING) -> 0 when what was acknowledged before is on the disk
  FILES_SYNCHRONIZE,

  FILES_STATISTICS, // (target, offset of a struct statfs to fill in) -> 0
  FILES_MOUNTS,     // (offset, bytes) -> bytes of text as in Linux's /proc/mounts
  FILES_MOUNT,      // (source path, target path, type as WINDOW_TEXT, MS_* flags) -> 0
  FILES_UNMOUNT,    // (target path, flags of umount2) -> 0
};
