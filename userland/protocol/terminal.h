// The terminal server's requests: a UART under a line discipline.
//
// A client connects with a memory object, its window, and a notification, and gets a session endpoint; every
// other request goes there. Data and structures lie in the window, at offsets that the client chooses.
// Word 0 of an answer is the result: 0 or a number, or a negative Linux errno.
//
// No request waits: where a program would have to, the answer is -EAGAIN, and the notification is signalled
// with an event when it is worth trying again. An event may come without need. Process groups are unknown
// here: the client sends the signals that events stand for.
//
// A server that was restarted knows no old session and answers -ESTALE to any request on one: the client
// connects again.
#pragma once

#define TERMINAL_SERVICE "terminal" // to the name server

enum terminal_request {
  // To the server's own endpoint: (window bytes; capabilities: the window, the notification) -> 0;
  // capability:
  // the session endpoint. The notification's capability is to be signalled with the bits of events below, so
  // the server derives one of each badge from it (its own badge is 0).
  TERMINAL_CONNECT = 1,

  // (offset, bytes) -> bytes: what a read(2) returns, at most one line in canonical mode; 0: end of file
  // (VEOF)
  // or hang-up. In other modes VMIN is honoured as if 1 when it is greater; VMIN 0: 0 instead of -EAGAIN.
  TERMINAL_READ,
  TERMINAL_WRITE, // (offset, bytes) -> bytes taken, at least 1

  TERMINAL_READY, // () -> TERMINAL_EVENT_READABLE and _WRITABLE as they are; word 1: bytes to read (FIONREAD)

  TERMINAL_GET_ATTRIBUTES, // (offset of a struct kernel_termios to fill in) -> 0
  TERMINAL_SET_ATTRIBUTES, // (offset of a struct kernel_termios, TERMINAL_NOW, _DRAIN_FIRST or _FLUSH_FIRST)
                           // -> 0

  TERMINAL_GET_SIZE, // () -> 0; word 1: rows, word 2: columns
  TERMINAL_SET_SIZE, // (rows, columns) -> 0
  TERMINAL_FLUSH,    // (0: input, 1: output, 2: both, as TCFLSH) -> 0: what is queued is thrown away
  TERMINAL_DRAIN,    // () -> 0 when all output has left, else -EAGAIN
};

// When attributes take effect; in the order of TCSETS, TCSETSW, TCSETSF. The latter two answer -EAGAIN while
// there is output.
#define TERMINAL_NOW         0
#define TERMINAL_DRAIN_FIRST 1
#define TERMINAL_FLUSH_FIRST 2

// Events, as bits of the notification.
#define TERMINAL_EVENT_READABLE  1u
#define TERMINAL_EVENT_WRITABLE  2u  // also: all output has left
#define TERMINAL_EVENT_INTERRUPT 4u  // VINTR was typed: SIGINT to the foreground process group
#define TERMINAL_EVENT_QUIT      8u  // VQUIT
#define TERMINAL_EVENT_SUSPEND   16u // VSUSP
#define TERMINAL_EVENT_HANGUP    32u
#define TERMINAL_EVENT_RESIZED   64u // SIGWINCH
#define TERMINAL_EVENTS          127u

#ifndef __ASSEMBLER__

#include <stdint.h>

// What TCGETS and TCSETS pass on riscv64; musl's struct termios is another.
struct kernel_termios {
  uint32_t c_iflag, c_oflag, c_cflag, c_lflag;
  uint8_t c_line;
  uint8_t c_cc[19];
};

#endif
