#include "quota.h"
#include "layout.h"
#include "pmem.h"

static struct quota root;
static struct pool quotas = POOL(sizeof(struct quota));

struct quota *quota_root(void) {
  if (root.references == 0)
    root = (struct quota){.limit = pmem_free_bytes(), .references = 1};
  return &root;
}

struct quota *quota_create(struct quota *parent, uint64_t limit) {
  uint64_t price = limit + sizeof(struct quota);
  if (price < limit || !quota_charge(parent, price))
    return NULL;
  struct quota *quota = pool_allocate(&quotas);
  if (quota == NULL) {
    quota_uncharge(parent, price);
    return NULL;
  }
  *quota = (struct quota){.parent = parent, .limit = limit, .references = 1};
  quota_retain(parent);
  return quota;
}

void quota_retain(struct quota *quota) { quota->references++; }

void quota_release(struct quota *quota) {
  if (--quota->references > 0)
    return;
  struct quota *parent = quota->parent;
  quota_uncharge(parent, quota->limit + sizeof(struct quota));
  pool_free(&quotas, quota);
  quota_release(parent);
}

void quota_close(struct quota *quota) {
  quota->closed = true;
  quota_uncharge(quota->parent, quota->limit - quota->used);
  quota->limit = quota->used;
}

bool quota_charge(struct quota *quota, uint64_t bytes) {
  if (bytes > quota->limit - quota->used)
    return false;
  quota->used += bytes;
  return true;
}

void quota_uncharge(struct quota *quota, uint64_t bytes) {
  quota->used -= bytes;
  if (quota->closed) {
    quota->limit = quota->used;
    quota_uncharge(quota->parent, bytes);
  }
}

void *quota_allocate(struct quota *quota, struct pool *pool) {
  if (!quota_charge(quota, pool->bytes))
    return NULL;
  void *piece = pool_allocate(pool);
  if (piece == NULL)
    quota_uncharge(quota, pool->bytes);
  return piece;
}

void quota_free(struct quota *quota, struct pool *pool, void *piece) {
  pool_free(pool, piece);
  quota_uncharge(quota, pool->bytes);
}

void *quota_allocate_page(struct quota *quota) {
  if (!quota_charge(quota, PAGE_SIZE))
    return NULL;
  void *page = pmem_allocate();
  if (page == NULL)
    quota_uncharge(quota, PAGE_SIZE);
  return page;
}

void quota_free_page(struct quota *quota, void *page) {
  pmem_free(page);
  quota_uncharge(quota, PAGE_SIZE);
}
