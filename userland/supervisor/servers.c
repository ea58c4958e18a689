#include "servers.h"
#include "equipment.h"
#include "lib/archive.h"
#include "lib/clock.h"
#include "lib/launch.h"
#include "lib/say.h"
#include "protocol/names.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

// A server that ends so often within so many seconds is not started again.
#define MOST_ENDS    5
#define ENDS_SECONDS 10

struct server {
  const char *name; // of the service, and of the program in servers/
  void (*equip)(struct equipment *);
  uint32_t machine; // its rights to the machine
  uint32_t priority;
  // Its quota: so many KiB and 16ths of the memory that is free at the start.
  unsigned quota_kib, quota_sixteenths;
  struct server *partner; // without which it is nothing: they end together
  // What has become of it.
  handle_t endpoint, process;
  bool is_ready, has_been_ready;
  bool is_doomed;           // has been ended because its partner was
  uint64_t ends[MOST_ENDS]; // when it ended, the oldest one at next_end
  unsigned next_end;
};

#define PRINT   RIGHT_SEND
#define INSPECT RIGHT_READ

enum { NAMES, DISK, PAGER, TERMINAL, FILES, PROCESS, SERVERS };

// Each needs only those before it. A part of memory stays for the programs, and for what outlives a server
// that is started anew. Drivers are the most urgent, who holds up everybody else comes next.
static struct server servers[SERVERS] = {
    [NAMES] = {.name = "names", .equip = equip_names, .machine = PRINT, .priority = 26, .quota_kib = 1024},
    [DISK] = {.name = "disk", .equip = equip_disk, .machine = PRINT, .priority = 28, .quota_kib = 2048},
    [PAGER] = {.name = "pager",
               .equip = equip_pager,
               .machine = PRINT | INSPECT,
               .priority = 26,
               .quota_sixteenths = 6,
               .partner = &servers[PROCESS]},
    [TERMINAL] = {.name = "terminal",
                  .equip = equip_terminal,
                  .machine = PRINT | INSPECT,
                  .priority = 28,
                  .quota_kib = 512},
    [FILES] = {.name = "files",
               .equip = equip_files,
               .machine = PRINT | INSPECT,
               .priority = 24,
               .quota_sixteenths = 4},
    [PROCESS] = {.name = "process",
                 .equip = equip_process,
                 .machine = PRINT | INSPECT,
                 .priority = 22,
                 .quota_sixteenths = 3,
                 .partner = &servers[PAGER]},
};

static struct initrd initrd;
static handle_t supervisor, ends;
static uint64_t free_bytes; // at the start

static int64_t read_program(void *context, uint64_t offset, void *to, size_t bytes) {
  const struct archive_member *member = context;
  if (offset > member->bytes || bytes > member->bytes - offset)
    return -ENOEXEC;
  memcpy(to, member->data + offset, bytes);
  return 0;
}

static uint64_t quota_of(const struct server *server) {
  return ((uint64_t)server->quota_kib << 10) + free_bytes / 16 * server->quota_sixteenths;
}

static int64_t launch_server(unsigned index, struct archive_member *program) {
  struct server *server = &servers[index];
  uint32_t call_rights = RIGHT_SEND | RIGHT_GRANT;
  struct equipment equipment = {0};
  equip_grant(&equipment, HANDLE_MACHINE, server->machine, 0);
  equip_grant(&equipment, servers[NAMES].endpoint, call_rights, 0);
  equip_grant(&equipment, supervisor, call_rights, SERVER_BADGE(index));
  equip_grant(&equipment, server->endpoint, RIGHTS_ALL, 0);
  equip_argument(&equipment, server->name);
  server->equip(&equipment);
  struct launch started = {
      .name = server->name,
      .arguments = equipment.arguments,
      .program = {read_program, program},
      .quota = quota_of(server),
      .priority = server->priority,
      .tag = index,
      .grants = equipment.grants,
      .grant_count = equipment.grant_count,
  };
  return launch(&started);
}

// Has the kernel tell us when the server ends.
static void watch(unsigned index) {
  int64_t bit = kernel_copy_capability(ends, RIGHT_SEND, 1ul << index);
  int64_t error = bit < 0 ? bit : kernel_notify_end(servers[index].process, (handle_t)bit);
  if (error < 0)
    say("cannot watch %s: error %ld", servers[index].name, (long)error);
  kernel_delete((handle_t)bit);
}

static bool start(unsigned index) {
  struct server *server = &servers[index];
  char path[64];
  snprintf(path, sizeof path, "servers/%s", server->name);
  struct archive_member program;
  if (!archive_find(initrd.bytes, initrd.length, path, &program)) {
    say("no program %s", path);
    return false;
  }
  int64_t process = launch_server(index, &program);
  if (process < 0) {
    say("cannot start %s: error %ld", server->name, (long)process);
    return false;
  }
  server->process = (handle_t)process;
  watch(index);
  return true;
}

// Tells the name server of a service; of none, with endpoint 0. The name server may die meanwhile, and we are
// the one to restart it: not without a deadline.
static void register_service(const struct server *server, bool is_there) {
  struct message message = {
      .tag = TAG(is_there ? NAMES_REGISTER : NAMES_REMOVE, MESSAGE_REGISTERS, is_there ? 1 : 0)};
  names_pack(server->name, message.words);
  int64_t copy = 0;
  if (is_there) {
    copy = kernel_copy_capability(server->endpoint, RIGHT_SEND | RIGHT_GRANT, 0);
    message_buffer->send[0] = (uint32_t)copy;
  }
  int64_t registrar = kernel_copy_capability(servers[NAMES].endpoint, RIGHT_SEND, NAMES_REGISTRAR);
  int64_t error = message_call((handle_t)registrar, &message, clock_now() + clock_frequency());
  if (error < 0)
    say("the name server does not take %s: error %ld", server->name, (long)error);
  kernel_delete((handle_t)registrar);
  if (is_there)
    kernel_delete((handle_t)copy);
}

// A service is known from when it is first ready: its endpoint stays, whatever becomes of the server.
static void register_services(void) {
  for (unsigned i = 0; i < SERVERS; i++) {
    if (i != NAMES && servers[i].has_been_ready && servers[i].endpoint != 0)
      register_service(&servers[i], true);
  }
}

// Its clients, those that wait too, get errors from now on.
static void give_up(struct server *server) {
  if (server == &servers[PROCESS]) {
    say("nothing can be done without it");
    kernel_power(HANDLE_MACHINE, POWER_OFF, 1);
  }
  if (server->has_been_ready)
    register_service(server, false);
  kernel_delete(server->endpoint);
  server->endpoint = 0;
}

// Starts the servers from `index` on, until there is one to wait for.
static void start_from(unsigned index) {
  for (; index < SERVERS && !start(index); index++)
    give_up(&servers[index]);
}

void servers_open(const struct initrd *archive, handle_t supervisor_endpoint, handle_t ends_notification) {
  initrd = *archive;
  supervisor = supervisor_endpoint;
  ends = ends_notification;
  struct system_info system;
  if (kernel_inspect(HANDLE_MACHINE, INSPECT_SYSTEM, 0, &system, sizeof system) < 0)
    die("the system cannot be inspected");
  free_bytes = system.free_bytes;
  // A native program that is run instead of a POSIX system: a benchmark, a test.
  const char *run = machine_option("run", NULL);
  if (run != NULL) {
    servers[PROCESS].name = run;
    servers[PROCESS].equip = equip_names;
  }
  for (unsigned i = 0; i < SERVERS; i++) {
    struct server *server = &servers[i];
    int64_t endpoint = kernel_create_endpoint();
    if (endpoint < 0)
      die("no endpoint for %s", server->name);
    server->endpoint = (handle_t)endpoint;
  }
}

void servers_start(void) { start_from(0); }

void server_is_ready(unsigned index) {
  if (index >= SERVERS || servers[index].is_ready)
    return;
  struct server *server = &servers[index];
  bool is_first = !server->has_been_ready;
  server->is_ready = server->has_been_ready = true;
  if (index == NAMES)
    register_services();
  else if (is_first)
    register_service(server, true);
  if (is_first)
    start_from(index + 1);
}

// Whether it has ended too often.
static bool is_hopeless(struct server *server) {
  uint64_t now = clock_now(), oldest = server->ends[server->next_end];
  server->ends[server->next_end] = now;
  server->next_end = (server->next_end + 1) % MOST_ENDS;
  return oldest != 0 && now - oldest < ENDS_SECONDS * clock_frequency();
}

static void report_end(const struct server *server, const struct end_info *end) {
  if (server->is_doomed)
    say("%s is started anew with %s", server->name, server->partner->name);
  else if (end->reason == END_FAULTED)
    say("%s has ended by exception %ld", server->name, (long)end->code);
  else
    say("%s has ended with status %ld", server->name, (long)end->code);
}

// The pager has lost the processes' memory, or the processes are gone and their memory is to go, too.
static void end_partner(const struct server *server) {
  struct server *partner = server->partner;
  if (partner == NULL || partner->process == 0 || !partner->has_been_ready)
    return;
  partner->is_doomed = true;
  kernel_end_process(partner->process, 0);
}

static void server_ended(unsigned index) {
  struct server *server = &servers[index];
  struct end_info end = {0};
  if (server->process == 0 || kernel_await_end(server->process, 0, &end) < 0)
    return;
  report_end(server, &end);
  kernel_delete(server->process);
  server->process = 0;
  server->is_ready = false;
  bool was_ready = server->has_been_ready, was_doomed = server->is_doomed;
  server->is_doomed = false;
  if (!was_doomed)
    end_partner(server);
  bool hopeless = !was_doomed && is_hopeless(server);
  if (hopeless)
    say("%s ends again and again; it is not started any more", server->name);
  else if (start(index))
    return;
  give_up(server);
  if (!was_ready)
    start_from(index + 1);
}

void servers_ended(uint64_t bits) {
  for (unsigned i = 0; i < SERVERS; i++) {
    if ((bits >> i & 1) != 0)
      server_ended(i);
  }
}

int64_t servers_end(uint64_t id) {
  struct process_info info;
  for (uint64_t i = 0; kernel_inspect(HANDLE_MACHINE, INSPECT_PROCESS, i, &info, sizeof info) >= 0; i++) {
    if (info.id != id)
      continue;
    // The tag is ours to give, but others give tags, too: the name has to be that server's, and the server
    // alive.
    const struct server *server = info.tag < SERVERS ? &servers[info.tag] : NULL;
    if (server == NULL || server->process == 0 || strncmp(server->name, info.name, NAME_BYTES) != 0)
      return -ESRCH;
    return kernel_end_process(server->process, -SIGKILL);
  }
  return -ESRCH;
}

bool server_has_power(unsigned index) { return index == PROCESS; }
