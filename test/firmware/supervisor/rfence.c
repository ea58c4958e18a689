#include "payload.h"

#define PAGE      4096
#define PTES      (PAGE / 8)
#define PTE_TABLE 0x01
// Valid, readable, writable, executable, accessed and dirty.
#define PTE_LEAF        0xcf
#define SATP_SV39       (UINT64_C(8) << 60)
#define ASID            7
#define SATP_ASID(asid) ((uint64_t)(asid) << 44)

// The gigabyte that holds the page whose translation changes; the ones below map to themselves.
#define GIGABYTE (UINT64_C(1) << 30)
#define VIRTUAL  (4 * GIGABYTE)
// Its page's number within 2 MiB.
#define SLOT    200
#define ADDRESS (VIRTUAL + SLOT * PAGE)

typedef uint64_t table[PTES] __attribute__((aligned(PAGE)));
static table root, middle, leaves;
static uint64_t pages[2][PTES] __attribute__((aligned(PAGE)));
static uint32_t code[2] __attribute__((aligned(8)));

static uint64_t seen[MAX_HARTS];

static uint64_t pte(const void *page, uint64_t flags) { return (uint64_t)page >> 12 << 10 | flags; }

static void map(unsigned page) { *(volatile uint64_t *)&leaves[SLOT] = pte(pages[page], PTE_LEAF); }

static void build_tables(void) {
  for (unsigned i = 0; i < 4; i++)
    root[i] = pte((void *)(i * GIGABYTE), PTE_LEAF);
  root[VIRTUAL / GIGABYTE] = pte(middle, PTE_TABLE);
  middle[0] = pte(leaves, PTE_TABLE);
  pages[0][0] = 'A';
  pages[1][0] = 'B';
}

// Once for all reads: writing satp may itself empty the TLB, and stale entries must be there for the fences
// to remove.
static void translate(void) { csr_write(satp, SATP_SV39 | SATP_ASID(ASID) | (uint64_t)root / PAGE); }

static void stop_translating(void) { csr_write(satp, 0); }

static void read_page(void) { seen[self()] = *(volatile uint64_t *)ADDRESS; }

static void check_seen(uint64_t expected) {
  for (unsigned hart = 0; hart < MAX_HARTS; hart++)
    if (harts >> hart & 1)
      check_equal(seen[hart], expected);
}

struct call {
  unsigned long extension, function, a0, a1, a2, a3, a4;
};

// Every hart must see the new page after the call, having had the old one in its TLB.
static void check_fence(struct call call) {
  map(0);
  sbi(RFENCE, 1, 0, -1, 0, 0);
  everywhere(read_page);
  check_seen('A');
  map(1);
  check_equal(sbi_call(call.extension, call.function, call.a0, call.a1, call.a2, call.a3, call.a4).error,
              SUCCESS);
  everywhere(read_page);
  check_seen('B');
}

static void check_fences(void) {
  unsigned long all = harts;
  unsigned long mask = (unsigned long)&all;
  unsigned long last = -(unsigned long)PAGE;
  const struct call calls[] = {
      {RFENCE, 1, all, 0, ADDRESS, PAGE, 0},
      {RFENCE, 1, 0, -1ul, ADDRESS + 8, 8, 0},
      {RFENCE, 1, all, 0, ADDRESS - PAGE + 8, PAGE, 0},
      {RFENCE, 1, all, 0, ADDRESS - 60 * PAGE, 61 * PAGE, 0},
      {RFENCE, 1, all, 0, VIRTUAL, 512 * PAGE, 0},
      {RFENCE, 1, all, 0, 0, 0, 0},
      {RFENCE, 1, all, 0, ADDRESS, -1ul, 0},
      {RFENCE, 1, all, 0, PAGE, last, 0},
      {RFENCE, 2, all, 0, ADDRESS, PAGE, ASID},
      {RFENCE, 2, all, 0, VIRTUAL, 512 * PAGE, ASID},
      {RFENCE, 2, 0, -1ul, 0, 0, ASID},
      {REMOTE_SFENCE_VMA, 0, mask, ADDRESS, PAGE, 0, 0},
      {REMOTE_SFENCE_VMA, 0, 0, 0, 0, 0, 0},
      {REMOTE_SFENCE_VMA_ASID, 0, mask, ADDRESS, PAGE, ASID, 0},
      {REMOTE_SFENCE_VMA_ASID, 0, 0, 0, -1ul, ASID, 0},
  };
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
    check_fence(calls[i]);
  // Ranges that end with the address space are whole; an empty one fences nothing.
  check_equal(sbi(RFENCE, 1, all, 0, last, PAGE).error, SUCCESS);
  check_equal(sbi(RFENCE, 1, all, 0, ADDRESS, 0).error, SUCCESS);
}

static void run_code(void) { seen[self()] = ((uint64_t(*)(void))code)(); }

// li a0, number; ret
static void write_code(unsigned number) {
  volatile uint32_t *target = code;
  target[0] = number << 20 | 0x513;
  target[1] = 0x8067;
}

static void check_fence_i(void) {
  unsigned long all = harts;
  for (unsigned number = 1; number <= 20; number++) {
    write_code(number);
    if (number % 2 == 0)
      check_equal(sbi(RFENCE, 0, 0, -1).error, SUCCESS);
    else
      check_equal(sbi(REMOTE_FENCE_I, 0, &all).error, SUCCESS);
    everywhere(run_code);
    check_seen(number);
  }
}

// Every hart fences and interrupts every other at the same time.
static void storm(void) {
  for (unsigned i = 0; i < 20; i++) {
    check_equal(sbi(RFENCE, 1, 0, -1, ADDRESS, PAGE).error, SUCCESS);
    check_equal(sbi(IPI, 0, 0, -1).error, SUCCESS);
    check_equal(sbi(RFENCE, 0, harts, 0).error, SUCCESS);
  }
}

static void clear_interrupt(void) { csr_clear(sip, SSI); }

static void check_refused(void) {
  for (unsigned long function = 3; function <= 7; function++)
    check_equal(sbi(RFENCE, function, 0, -1, 0, 0, 0).error, NOT_SUPPORTED);
  for (unsigned long function = 0; function <= 2; function++) {
    check_equal(sbi(RFENCE, function, harts | 1ul << MAX_HARTS, 0, 0, 0, 0).error, INVALID_PARAM);
    check_equal(sbi(RFENCE, function, 1, MAX_HARTS, 0, 0, 0).error, INVALID_PARAM);
  }
  for (unsigned long function = 1; function <= 2; function++) {
    check_equal(sbi(RFENCE, function, harts, 0, -1ul, 2, 0).error, INVALID_ADDRESS);
    check_equal(sbi(RFENCE, function, harts, 0, 2, -2ul + 1, 0).error, SUCCESS);
    check_equal(sbi(RFENCE, function, harts, 0, PAGE, -2ul, 0).error, INVALID_ADDRESS);
  }
}

void test_rfence(void) {
  build_tables();
  check_refused();
  everywhere(translate);
  check_fences();
  check_fence_i();
  everywhere(storm);
  everywhere(stop_translating);
  everywhere(clear_interrupt);
}
