#include "image.h"
#include "files.h"
#include "lib/kernel.h"
#include "lib/space.h"
#include "space.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_CACHED      24
#define MAX_IMAGE_BYTES (256ul << 20)

static struct image *cached; // the one used last comes first

struct source {
  uint64_t number;
};

static int64_t read_exactly(void *context, uint64_t offset, void *to, size_t bytes) {
  const struct source *source = context;
  int64_t result = files_read(source->number, offset, to, bytes);
  return result < 0 ? result : (size_t)result == bytes ? 0 : -ENOEXEC;
}

static bool is_of(const struct image *image, const struct stat *stat) {
  return image->inode == stat->st_ino && image->device == stat->st_dev &&
         image->bytes == (uint64_t)stat->st_size && image->modified.tv_sec == stat->st_mtim.tv_sec &&
         image->modified.tv_nsec == stat->st_mtim.tv_nsec;
}

static bool is_writable(const struct elf_segment *segment) { return (segment->rights & MAP_WRITE) != 0; }

static void destroy(struct image *image) {
  for (unsigned i = 0; i < ELF_SEGMENTS; i++)
    free(image->data[i]);
  if (image->text != NULL)
    backing_release(image->text);
  free(image);
}

void image_release(struct image *image) {
  if (--image->references == 0)
    destroy(image);
}

// Reads a read-only segment into its pages of `text`.
static int64_t load_text(struct image *image, unsigned index, const struct elf_source *source) {
  const struct elf_segment *segment = &image->elf.segments[index];
  if (segment->file_bytes == 0)
    return 0;
  int64_t address = space_map((handle_t)backing_handle(image->text), image->text_page[index], segment->pages,
                              MAP_READ | MAP_WRITE);
  if (address < 0)
    return address;
  int64_t error = source->read(source->context, segment->file_offset, (char *)address + segment->skew,
                               segment->file_bytes);
  space_unmap((void *)address, segment->pages);
  return error;
}

static int64_t load(struct image *image, uint64_t number) {
  struct source context = {.number = number};
  struct elf_source source = {.read = read_exactly, .context = &context};
  int64_t error = elf_read(&source, POSITION_BASE, STACK_TOP - STACK_BYTES, &image->elf);
  if (error < 0)
    return error == -EIO ? -ENOEXEC : error;
  uint64_t pages = 0;
  for (unsigned i = 0; i < image->elf.segment_count; i++) {
    const struct elf_segment *segment = &image->elf.segments[i];
    if (segment->file_bytes > MAX_IMAGE_BYTES || segment->pages > MAX_IMAGE_BYTES / PAGE)
      return -ENOMEM;
    image->text_page[i] = pages;
    if (!is_writable(segment))
      pages += segment->pages;
  }
  if (pages > 0 && (image->text = backing_create(pages, 0)) == NULL)
    return -ENOMEM;
  for (unsigned i = 0; i < image->elf.segment_count && error == 0; i++) {
    const struct elf_segment *segment = &image->elf.segments[i];
    if (!is_writable(segment)) {
      error = load_text(image, i, &source);
    } else if (segment->file_bytes > 0) {
      image->data[i] = malloc(segment->file_bytes);
      error = image->data[i] == NULL
                  ? -ENOMEM
                  : read_exactly(&context, segment->file_offset, image->data[i], segment->file_bytes);
    }
  }
  return error;
}

// Puts an image first, and throws away the last one if they are too many.
static void keep(struct image *image) {
  image->next = cached;
  cached = image;
  unsigned count = 0;
  for (struct image **link = &cached; *link != NULL; link = &(*link)->next) {
    if (++count <= MAX_CACHED)
      continue;
    struct image *last = *link;
    *link = NULL;
    image_release(last);
    break;
  }
}

int64_t image_open(uint64_t number, const struct stat *stat, struct image **found) {
  for (struct image **link = &cached; *link != NULL; link = &(*link)->next) {
    struct image *image = *link;
    if (!is_of(image, stat))
      continue;
    *link = image->next;
    image->next = cached;
    cached = image;
    image->references++;
    *found = image;
    return 0;
  }
  struct image *image = calloc(1, sizeof *image);
  if (image == NULL)
    return -ENOMEM;
  image->references = 1;
  image->device = stat->st_dev;
  image->inode = stat->st_ino;
  image->bytes = (uint64_t)stat->st_size;
  image->modified = stat->st_mtim;
  int64_t error = load(image, number);
  if (error < 0) {
    destroy(image);
    return error;
  }
  image->references++; // the cache's
  keep(image);
  *found = image;
  return 0;
}
