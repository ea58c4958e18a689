// Does what a process must not do, to show that only this process suffers.

#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct crime {
  const char *name, *summary;
  void (*commit)(void);
};

static const char constant[] = "a constant";

static void read_null(void) { __asm__ volatile("ld zero, (zero)"); }

static void write_null(void) { __asm__ volatile("sd zero, (zero)" ::: "memory"); }

static void jump_null(void) { __asm__ volatile("jr zero"); }

static void write_code(void) { __asm__ volatile("sw zero, (%0)" ::"r"(write_code) : "memory"); }

static void write_constant(void) { __asm__ volatile("sb zero, (%0)" ::"r"(constant) : "memory"); }

static void read_kernel(void) { __asm__ volatile("ld zero, (%0)" ::"r"(0xffffffc080200000)); }

static void jump_to_kernel(void) { __asm__ volatile("jr %0" ::"r"(0xffffffc080200000)); }

static void jump_to_stack(void) {
  uint32_t instructions[] = {0x00000013, 0x00008067}; // nop; ret
  __asm__ volatile("fence.i; jr %0" ::"r"(instructions), "m"(instructions));
}

static void jump_to_data(void) {
  static uint32_t instructions[] = {0x00000013, 0x00008067}; // nop; ret
  __asm__ volatile("fence.i; jr %0" ::"r"(instructions), "m"(instructions));
}

// With compressed instructions every even address may be jumped to, and jalr clears bit 0: only loads, stores
// and atomics can be misaligned. Jumping into the middle of this instruction finds the two bytes 0000, which
// are illegal.
static void jump_into_instruction(void) {
  __asm__ volatile("la t0, 1f; addi t0, t0, 2; jr t0; .balign 4; 1: .4byte 0x00000013" ::: "t0");
}

static void execute_illegal(void) {
  __asm__ volatile(".2byte 0"); // all zero is defined to be illegal
}

static void read_satp(void) { __asm__ volatile("csrr zero, satp"); }

static void write_sstatus(void) { __asm__ volatile("csrw sstatus, zero"); }

static void execute_sret(void) { __asm__ volatile("sret"); }

static void execute_fence(void) { __asm__ volatile("sfence.vma"); }

static void execute_breakpoint(void) { __asm__ volatile("ebreak"); }

static void add_misaligned(void) {
  static uint64_t words[2];
  __asm__ volatile("amoadd.d zero, zero, (%0)" ::"r"((char *)words + 1) : "memory");
}

static void read_nowhere(void) {
  __asm__ volatile("ld zero, (%0)" ::"r"(0x123456789abcdef0)); // not an Sv39 address at all
}

// Each call uses more than 1 KiB of stack, and reads it afterwards, so that it cannot become a loop.
static int use_stack(int calls) {
  volatile int frame[256];
  frame[0] = calls;
  return calls == 0 ? 0 : use_stack(calls - 1) + frame[0];
}

static void overflow_stack(void) { use_stack(1000000); }

static const struct crime crimes[] = {
    {"null", "read address 0", read_null},
    {"null-write", "write to address 0", write_null},
    {"null-jump", "jump to address 0", jump_null},
    {"code", "write to the program's code", write_code},
    {"constant", "write to a constant", write_constant},
    {"kernel", "read kernel memory", read_kernel},
    {"kernel-jump", "jump into the kernel", jump_to_kernel},
    {"stack-jump", "jump to instructions on the stack", jump_to_stack},
    {"data-jump", "jump to instructions among the data", jump_to_data},
    {"middle-jump", "jump into the middle of an instruction", jump_into_instruction},
    {"illegal", "execute an illegal instruction", execute_illegal},
    {"privileged", "read a supervisor register", read_satp},
    {"status", "write a supervisor register", write_sstatus},
    {"sret", "return from a trap that was none", execute_sret},
    {"fence", "flush the TLB", execute_fence},
    {"breakpoint", "execute ebreak with no debugger there", execute_breakpoint},
    {"misaligned", "add atomically at an odd address", add_misaligned},
    {"nowhere", "read an address that cannot exist", read_nowhere},
    {"overflow", "call until the stack is used up", overflow_stack},
};

#define CRIME_COUNT (sizeof crimes / sizeof crimes[0])

int main(int count, char **arguments) {
  for (size_t i = 0; count == 2 && i < CRIME_COUNT; i++) {
    if (strcmp(arguments[1], crimes[i].name) == 0) {
      crimes[i].commit();
      printf("crash: %s did no harm\n", crimes[i].name);
      return 1;
    }
  }
  fputs("usage: crash KIND, where KIND is\n", stderr);
  for (size_t i = 0; i < CRIME_COUNT; i++)
    fprintf(stderr, "  %-12s %s\n", crimes[i].name, crimes[i].summary);
  return 2;
}
