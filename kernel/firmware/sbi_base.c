#include "csr.h"
#include "sbi.h"
#include "version.h"

#define SPECIFICATION_VERSION (2 << 24 | 0)
// Not one of the specification's assigned numbers (section 4.9): "Trap" in ASCII.
#define IMPLEMENTATION_ID 0x54726170

enum base_function {
  BASE_SPECIFICATION_VERSION,
  BASE_IMPLEMENTATION_ID,
  BASE_IMPLEMENTATION_VERSION,
  BASE_PROBE_EXTENSION,
  BASE_MVENDORID,
  BASE_MARCHID,
  BASE_MIMPID,
};

struct sbi_result sbi_base(const unsigned long registers[8]) {
  switch (registers[SBI_FUNCTION]) {
  case BASE_SPECIFICATION_VERSION:
    return sbi_value(SPECIFICATION_VERSION);
  case BASE_IMPLEMENTATION_ID:
    return sbi_value(IMPLEMENTATION_ID);
  case BASE_IMPLEMENTATION_VERSION:
    return sbi_value(VERSION_MAJOR << 16 | VERSION_MINOR);
  case BASE_PROBE_EXTENSION:
    return sbi_value(sbi_is_available(registers[0]));
  case BASE_MVENDORID:
    return sbi_value(csr_read(mvendorid));
  case BASE_MARCHID:
    return sbi_value(csr_read(marchid));
  case BASE_MIMPID:
    return sbi_value(csr_read(mimpid));
  default:
    return sbi_error(SBI_ERR_NOT_SUPPORTED);
  }
}
