#include "lib/elf.h"
#include "lib/kernel.h"
#include "lib/space.h"
#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define MOST_HEADERS 32

static bool is_program(const Elf64_Ehdr *header) {
  return memcmp(header->e_ident, ELFMAG, SELFMAG) == 0 && header->e_ident[EI_CLASS] == ELFCLASS64 &&
         header->e_ident[EI_DATA] == ELFDATA2LSB && header->e_machine == EM_RISCV &&
         (header->e_type == ET_EXEC || header->e_type == ET_DYN) &&
         header->e_phentsize == sizeof(Elf64_Phdr) && header->e_phnum <= MOST_HEADERS;
}

// Adds the segment of a PT_LOAD header. Returns 0 or -ENOEXEC.
static int64_t add_segment(const Elf64_Phdr *header, uint64_t bias, uint64_t limit, struct elf_image *image) {
  if (header->p_memsz == 0)
    return 0;
  uint64_t address = header->p_vaddr + bias;
  if (address < bias || address < image->end || address < PAGE_BYTES || address >= limit ||
      header->p_memsz > limit - address || header->p_filesz > header->p_memsz ||
      header->p_offset > INT64_MAX - header->p_filesz || image->segment_count == ELF_SEGMENTS)
    return -ENOEXEC;
  uint64_t start = address & ~(PAGE_BYTES - 1);
  uint64_t end = (address + header->p_memsz + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
  if (start < image->end) // a page of the segment before
    return -ENOEXEC;
  image->segments[image->segment_count++] = (struct elf_segment){
      .address = start,
      .pages = (end - start) / PAGE_BYTES,
      .file_offset = header->p_offset,
      .file_bytes = header->p_filesz,
      .skew = address - start,
      .rights = ((header->p_flags & PF_R) != 0 ? MAP_READ : 0) |
                ((header->p_flags & PF_W) != 0 ? MAP_READ | MAP_WRITE : 0) |
                ((header->p_flags & PF_X) != 0 ? MAP_READ | MAP_EXECUTE : 0),
  };
  if (image->segment_count == 1)
    image->start = start;
  image->end = end;
  return 0;
}

// The address at which the file's program headers are loaded, or 0.
static uint64_t find_headers(const struct elf_image *image, const Elf64_Ehdr *header) {
  uint64_t bytes = (uint64_t)header->e_phnum * sizeof(Elf64_Phdr);
  for (unsigned i = 0; i < image->segment_count; i++) {
    const struct elf_segment *segment = &image->segments[i];
    if (header->e_phoff >= segment->file_offset &&
        header->e_phoff + bytes <= segment->file_offset + segment->file_bytes)
      return segment->address + segment->skew + (header->e_phoff - segment->file_offset);
  }
  return 0;
}

int64_t elf_read(const struct elf_source *source, uint64_t bias, uint64_t limit, struct elf_image *image) {
  Elf64_Ehdr header;
  int64_t error = source->read(source->context, 0, &header, sizeof header);
  if (error < 0)
    return error;
  if (!is_program(&header))
    return -ENOEXEC;
  if (header.e_type == ET_EXEC)
    bias = 0;
  Elf64_Phdr headers[MOST_HEADERS];
  error = source->read(source->context, header.e_phoff, headers, header.e_phnum * sizeof *headers);
  if (error < 0)
    return error;
  *image = (struct elf_image){
      .entry = header.e_entry + bias,
      .header_count = header.e_phnum,
      .header_bytes = sizeof(Elf64_Phdr),
  };
  for (unsigned i = 0; i < header.e_phnum; i++) {
    if (headers[i].p_type == PT_INTERP) // dynamically linked
      return -ENOEXEC;
    if (headers[i].p_type == PT_LOAD && (error = add_segment(&headers[i], bias, limit, image)) < 0)
      return error;
  }
  image->headers = find_headers(image, &header);
  return image->segment_count == 0 ? -ENOEXEC : 0;
}

static int64_t fill(const struct elf_source *source, const struct elf_segment *segment, handle_t memory) {
  if (segment->file_bytes == 0)
    return 0;
  uint64_t pages = (segment->skew + segment->file_bytes + PAGE_BYTES - 1) / PAGE_BYTES;
  int64_t address = space_map(memory, 0, pages, MAP_READ | MAP_WRITE);
  if (address < 0)
    return address;
  uint8_t *bytes = (uint8_t *)address;
  int64_t error =
      source->read(source->context, segment->file_offset, bytes + segment->skew, segment->file_bytes);
  space_unmap(bytes, pages);
  return error;
}

int64_t elf_load(const struct elf_source *source, const struct elf_image *image, handle_t process,
                 elf_create_memory *create, void *context) {
  for (unsigned i = 0; i < image->segment_count; i++) {
    const struct elf_segment *segment = &image->segments[i];
    int64_t memory = create(context, segment);
    if (memory < 0)
      return memory;
    int64_t error = fill(source, segment, (handle_t)memory);
    if (error == 0)
      error = kernel_map(process, (handle_t)memory, segment->address, 0, segment->pages, segment->rights);
    if (error < 0)
      return error;
  }
  return 0;
}
