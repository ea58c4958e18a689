#include "board.h"
#include "console.h"
#include "sbi.h"

enum dbcn_function { DBCN_WRITE, DBCN_READ, DBCN_WRITE_BYTE };

static size_t read(char *bytes, size_t length) {
  size_t count = 0;
  for (int byte; count < length && (byte = console_get()) >= 0; count++)
    bytes[count] = (char)byte;
  return count;
}

struct sbi_result sbi_dbcn(const unsigned long registers[8]) {
  unsigned long function = registers[SBI_FUNCTION];
  if (function > DBCN_WRITE_BYTE)
    return sbi_error(SBI_ERR_NOT_SUPPORTED);
  if (function == DBCN_WRITE_BYTE) {
    console_put((char)registers[0]);
    return sbi_error(SBI_SUCCESS);
  }
  // Physical addresses of this machine fit in the low half.
  if (registers[2] != 0 || !board_is_supervisor_memory(registers[1], registers[0]))
    return sbi_error(SBI_ERR_INVALID_PARAM);
  char *bytes = (char *)registers[1];
  return sbi_value(function == DBCN_WRITE ? console_write(bytes, registers[0]) : read(bytes, registers[0]));
}
