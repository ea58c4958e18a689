#pragma once
// The supervisor binary interface, version 2.0: one file for each extension, sbi_NAME.c.

#include <stdbool.h>

struct sbi_result {
  long error;
  unsigned long value;
};

#define SBI_SUCCESS               0
#define SBI_ERR_NOT_SUPPORTED     -2
#define SBI_ERR_INVALID_PARAM     -3
#define SBI_ERR_INVALID_ADDRESS   -5
#define SBI_ERR_ALREADY_AVAILABLE -6

static inline struct sbi_result sbi_error(long error) { return (struct sbi_result){error, 0}; }
static inline struct sbi_result sbi_value(unsigned long value) {
  return (struct sbi_result){SBI_SUCCESS, value};
}

// The registers a0 to a7 of a call: a0 to a5 are the arguments.
#define SBI_FUNCTION  6
#define SBI_EXTENSION 7

// Called by trap.S; the result goes to a0 and a1.
struct sbi_result sbi_call(const unsigned long registers[8]);

// Whether the extension can be called on this board.
bool sbi_is_available(unsigned long extension);

// The extensions.
struct sbi_result sbi_base(const unsigned long registers[8]);
struct sbi_result sbi_time(const unsigned long registers[8]);
struct sbi_result sbi_ipi(const unsigned long registers[8]);
struct sbi_result sbi_rfence(const unsigned long registers[8]);
struct sbi_result sbi_hsm(const unsigned long registers[8]);
struct sbi_result sbi_srst(const unsigned long registers[8]);
struct sbi_result sbi_dbcn(const unsigned long registers[8]);

// The extensions 0 to 8 of version 0.1, which leave a1 as it is: the result's value is the caller's a1.
#define SBI_LEGACY_LAST 8
struct sbi_result sbi_legacy(const unsigned long registers[8]);
