#include "misaligned.h"
#include "csr.h"
#include "float.h"
#include "guarded.h"
#include "instruction.h"

// What a load or store does, but for its address, which mtval has. bytes 0: not a load or store that is
// known.
struct access {
  unsigned bytes;
  bool is_signed;
  bool is_float;
  unsigned number;
};

#define OPCODE_LOAD        0x03
#define OPCODE_LOAD_FLOAT  0x07
#define OPCODE_STORE       0x23
#define OPCODE_STORE_FLOAT 0x27

// The opcode and funct3 of 32-bit instructions; for compressed ones, funct3 and quadrant.
static unsigned funct3(uint32_t instruction) { return instruction >> 12 & 7; }
static unsigned compressed(uint32_t instruction) { return (instruction >> 11 & 0x1c) | (instruction & 3); }

#define COMPRESSED(funct3, quadrant) ((funct3) << 2 | (quadrant))

// Register fields of compressed instructions: rd and rs2 in full, and the three bits that name x8 to x15.
static unsigned rd(uint32_t instruction) { return instruction >> 7 & 31; }
static unsigned compressed_rs2(uint32_t instruction) { return instruction >> 2 & 31; }
static unsigned compressed_short(uint32_t instruction) { return 8 + (instruction >> 2 & 7); }

static struct access decode_compressed_load(uint32_t instruction) {
  switch (compressed(instruction)) {
  case COMPRESSED(1, 0): // c.fld
    return (struct access){8, false, true, compressed_short(instruction)};
  case COMPRESSED(2, 0): // c.lw
    return (struct access){4, true, false, compressed_short(instruction)};
  case COMPRESSED(3, 0): // c.ld
    return (struct access){8, true, false, compressed_short(instruction)};
  case COMPRESSED(1, 2): // c.fldsp
    return (struct access){8, false, true, rd(instruction)};
  case COMPRESSED(2, 2): // c.lwsp
    return (struct access){4, true, false, rd(instruction)};
  case COMPRESSED(3, 2): // c.ldsp
    return (struct access){8, true, false, rd(instruction)};
  default:
    return (struct access){0};
  }
}

static struct access decode_compressed_store(uint32_t instruction) {
  switch (compressed(instruction)) {
  case COMPRESSED(5, 0): // c.fsd
    return (struct access){8, false, true, compressed_short(instruction)};
  case COMPRESSED(6, 0): // c.sw
    return (struct access){4, false, false, compressed_short(instruction)};
  case COMPRESSED(7, 0): // c.sd
    return (struct access){8, false, false, compressed_short(instruction)};
  case COMPRESSED(5, 2): // c.fsdsp
    return (struct access){8, false, true, compressed_rs2(instruction)};
  case COMPRESSED(6, 2): // c.swsp
    return (struct access){4, false, false, compressed_rs2(instruction)};
  case COMPRESSED(7, 2): // c.sdsp
    return (struct access){8, false, false, compressed_rs2(instruction)};
  default:
    return (struct access){0};
  }
}

static struct access decode_load(uint32_t instruction) {
  if (instruction_is_compressed(instruction))
    return decode_compressed_load(instruction);
  unsigned width = funct3(instruction);
  unsigned opcode = instruction & 0x7f;
  if (opcode == OPCODE_LOAD && width != 7)
    return (struct access){1u << (width & 3), (width & 4) == 0, false, rd(instruction)};
  if (opcode == OPCODE_LOAD_FLOAT && (width == 2 || width == 3))
    return (struct access){1u << width, false, true, rd(instruction)};
  return (struct access){0};
}

static struct access decode_store(uint32_t instruction) {
  if (instruction_is_compressed(instruction))
    return decode_compressed_store(instruction);
  unsigned width = funct3(instruction);
  unsigned opcode = instruction & 0x7f;
  unsigned rs2 = instruction >> 20 & 31;
  if (opcode == OPCODE_STORE && width < 4)
    return (struct access){1u << width, false, false, rs2};
  if (opcode == OPCODE_STORE_FLOAT && (width == 2 || width == 3))
    return (struct access){1u << width, false, true, rs2};
  return (struct access){0};
}

static uint64_t sign_extend(uint64_t value, unsigned bytes) {
  unsigned shift = 64 - 8 * bytes;
  return (uint64_t)((int64_t)(value << shift) >> shift);
}

bool misaligned_load(struct frame *frame, struct exception *exception) {
  uint32_t instruction;
  if (!instruction_fetch(&instruction, exception))
    return false;
  struct access access = decode_load(instruction);
  if (access.bytes == 0)
    return false;
  struct guarded loaded = guarded_load(exception->value, access.bytes, MSTATUS_MPRV);
  if (loaded.fault != 0) {
    *exception = (struct exception){loaded.fault, loaded.value};
    return false;
  }
  if (access.is_float)
    float_write(access.number, access.bytes == 4 ? loaded.value | FLOAT_NAN_BOX : loaded.value);
  else
    register_write(frame, access.number,
                   access.is_signed ? sign_extend(loaded.value, access.bytes) : loaded.value);
  instruction_skip(instruction);
  return true;
}

bool misaligned_store(struct frame *frame, struct exception *exception) {
  uint32_t instruction;
  if (!instruction_fetch(&instruction, exception))
    return false;
  struct access access = decode_store(instruction);
  if (access.bytes == 0)
    return false;
  uint64_t value = access.is_float ? float_read(access.number) : frame->x[access.number];
  struct guarded stored = guarded_store(exception->value, access.bytes, MSTATUS_MPRV, value);
  if (stored.fault != 0) {
    *exception = (struct exception){stored.fault, stored.value};
    return false;
  }
  instruction_skip(instruction);
  return true;
}
