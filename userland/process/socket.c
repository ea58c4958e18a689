// Unix stream sockets. A name is a socket's node in the file system, or an abstract one (its first byte is
// 0).
#include "calls.h"
#include "file.h"
#include "files.h"
#include "process.h"
#include "signals.h"
#include "stream.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#define SOCKET_DEVICE 13
#define MAX_BACKLOG   128u
#define MAX_NAME      sizeof(struct sockaddr_un)

struct socket_name {
  uint32_t bytes; // of the address; only the family if it is 2, or 0
  struct sockaddr_un address;
  uint64_t device, inode; // of its node
};

struct socket {
  uint64_t inode;
  struct stream *in, *out; // of a connection
  bool reads, writes;      // not shut down
  bool listens;
  uint32_t backlog, waiting;   // connections that may wait to be accepted, that do
  struct socket *first, *last; // these
  struct socket *next;         // behind it in that queue
  struct wait_queue changed;
  struct socket_name name, peer_name;
  pid_t owner, peer;
  struct socket *next_named, **named_by;
};

static struct socket *named;

static struct socket *socket_create(struct task *task) {
  static uint64_t inodes;
  struct socket *socket = calloc(1, sizeof *socket);
  if (socket == NULL)
    return NULL;
  socket->inode = ++inodes;
  socket->owner = task->process->id;
  return socket;
}

// Makes two sockets the ends of a connection.
static bool join(struct socket *a, struct socket *b) {
  struct stream *there = stream_create(), *back = stream_create();
  if (there == NULL || back == NULL) {
    if (there != NULL)
      stream_release(there);
    if (back != NULL)
      stream_release(back);
    return false;
  }
  there->references = back->references = 2;
  there->readers = there->writers = back->readers = back->writers = 1;
  a->out = b->in = there;
  a->in = b->out = back;
  a->reads = a->writes = b->reads = b->writes = true;
  a->peer = b->owner;
  b->peer = a->owner;
  a->peer_name = b->name;
  b->peer_name = a->name;
  return true;
}

static void shut_down(struct socket *socket, bool reads, bool writes) {
  if (reads && socket->reads) {
    socket->reads = false;
    stream_remove_reader(socket->in);
  }
  if (writes && socket->writes) {
    socket->writes = false;
    stream_remove_writer(socket->out);
  }
}

static void forget_name(struct socket *socket) {
  if (socket->named_by == NULL)
    return;
  *socket->named_by = socket->next_named;
  if (socket->next_named != NULL)
    socket->next_named->named_by = socket->named_by;
  socket->named_by = NULL;
}

static void destroy(struct socket *socket) {
  forget_name(socket);
  shut_down(socket, true, true);
  if (socket->in != NULL) {
    stream_release(socket->in);
    stream_release(socket->out);
  }
  while (socket->first != NULL) {
    struct socket *connection = socket->first;
    socket->first = connection->next;
    destroy(connection);
  }
  wake_all(&socket->changed);
  free(socket);
}

static int64_t socket_read(struct task *task, struct file *file, struct transfer *transfer,
                           uint64_t *position) {
  (void)position;
  struct socket *socket = file->object;
  if (socket->in == NULL)
    return socket->listens ? -EINVAL : -ENOTCONN;
  if (!socket->reads)
    return 0;
  return stream_read(task, socket->in, transfer, file_nonblocking(file), false);
}

static int64_t socket_send(struct task *task, struct file *file, struct transfer *transfer, bool nonblocking,
                           bool quiet) {
  struct socket *socket = file->object;
  if (socket->out == NULL)
    return -ENOTCONN;
  int64_t result = !socket->writes ? -EPIPE : stream_write(task, socket->out, transfer, nonblocking);
  if ((!socket->writes || socket->out->readers == 0) && transfer->left > 0 && !quiet)
    task_raise(task, SIGPIPE);
  return result;
}

static int64_t socket_write(struct task *task, struct file *file, struct transfer *transfer,
                            uint64_t *position) {
  (void)position;
  return socket_send(task, file, transfer, file_nonblocking(file), false);
}

static int64_t socket_stat(struct file *file, struct stat *stat) {
  const struct socket *socket = file->object;
  *stat = stat_of(S_IFSOCK | 0777, socket->inode, SOCKET_DEVICE);
  return 0;
}

static int64_t socket_poll(struct file *file, struct task *task) {
  struct socket *socket = file->object;
  if (task != NULL && !wait_on(task, &socket->changed))
    return -ENOMEM;
  if (socket->listens)
    return socket->waiting > 0 ? POLLIN | POLLRDNORM : 0;
  if (socket->in == NULL)
    return POLLOUT | POLLHUP;
  if (task != NULL && (!wait_on(task, &socket->in->changed) || !wait_on(task, &socket->out->changed)))
    return -ENOMEM;
  int64_t events = stream_poll_write(socket->out);
  bool ended = socket->in->writers == 0 || !socket->reads;
  if (socket->in->used > 0 || ended)
    events |= POLLIN | POLLRDNORM;
  if (ended)
    events |= POLLRDHUP;
  if (ended && (!socket->writes || socket->out->readers == 0))
    events |= POLLHUP;
  return events & ~POLLERR;
}

static int64_t socket_control(struct task *task, struct file *file, uint64_t request, uint64_t argument) {
  const struct socket *socket = file->object;
  int bytes = socket->in != NULL ? (int)socket->in->used : 0;
  return request == FIONREAD ? copy_out(task, argument, &bytes, sizeof bytes) : -ENOTTY;
}

static void socket_close(struct file *file) { destroy(file->object); }

static const struct file_operations socket_operations = {
    .read = socket_read,
    .write = socket_write,
    .stat = socket_stat,
    .poll = socket_poll,
    .control = socket_control,
    .close = socket_close,
};

static struct file *socket_file(struct socket *socket, uint64_t type) {
  uint32_t flags = O_RDWR | ((type & SOCK_NONBLOCK) != 0 ? O_NONBLOCK : 0);
  struct file *file = file_create(&socket_operations, flags, NULL);
  if (file == NULL)
    destroy(socket);
  else
    file->object = socket;
  return file;
}

static int64_t socket_of(struct task *task, uint64_t descriptor, struct file **file, struct socket **socket) {
  *file = descriptor_file(task, descriptor);
  if (*file == NULL)
    return -EBADF;
  if ((*file)->operations != &socket_operations)
    return -ENOTSOCK;
  *socket = (*file)->object;
  return 0;
}

static int64_t check_kind(uint64_t family, uint64_t type) {
  if (family != AF_UNIX)
    return -EAFNOSUPPORT;
  return (type & ~(uint64_t)(SOCK_CLOEXEC | SOCK_NONBLOCK)) == SOCK_STREAM ? 0 : -EPROTONOSUPPORT;
}

HANDLER(sys_socket) {
  int64_t error = check_kind(arguments[0], arguments[1]);
  if (error < 0)
    return error;
  struct socket *socket = socket_create(task);
  struct file *file = socket != NULL ? socket_file(socket, arguments[1]) : NULL;
  return file == NULL ? -ENOMEM : descriptor_add(task, file, 0, (arguments[1] & SOCK_CLOEXEC) != 0);
}

HANDLER(sys_socketpair) {
  int64_t error = check_kind(arguments[0], arguments[1]);
  if (error < 0)
    return error;
  struct socket *a = socket_create(task), *b = socket_create(task);
  if (a == NULL || b == NULL || !join(a, b)) {
    free(a);
    free(b);
    return -ENOMEM;
  }
  struct file *first = socket_file(a, arguments[1]), *second = socket_file(b, arguments[1]);
  if (first == NULL || second == NULL) {
    if (first != NULL)
      file_release(first);
    if (second != NULL)
      file_release(second);
    return -ENOMEM;
  }
  return descriptors_add_pair(task, first, second, arguments[3], (arguments[1] & SOCK_CLOEXEC) != 0);
}

// Fetches an address; `path` is where its node is, "" of an abstract one.
static int64_t name_in(struct task *task, uint64_t address, uint64_t bytes, struct socket_name *name,
                       char *path) {
  *name = (struct socket_name){0};
  bytes &= 0xffffffff;
  if (bytes < sizeof(sa_family_t) + 1 || bytes > MAX_NAME)
    return -EINVAL;
  if (copy_in(task, &name->address, address, bytes) < 0)
    return -EFAULT;
  if (name->address.sun_family != AF_UNIX)
    return -EINVAL;
  name->bytes = (uint32_t)bytes;
  path[0] = 0;
  if (name->address.sun_path[0] == 0)
    return 0;
  char text[sizeof name->address.sun_path + 1] = "";
  memcpy(text, name->address.sun_path, bytes - sizeof(sa_family_t));
  return path_absolute(task, (uint64_t)AT_FDCWD, text, path);
}

static int64_t name_out(struct task *task, const struct socket_name *name, uint64_t address,
                        uint64_t length) {
  socklen_t room, bytes = name->bytes > 0 ? name->bytes : sizeof(sa_family_t);
  struct sockaddr_un shown = name->address;
  shown.sun_family = AF_UNIX;
  if (copy_in(task, &room, length, sizeof room) < 0)
    return -EFAULT;
  if ((int)room < 0)
    return -EINVAL;
  if (copy_out(task, address, &shown, room < bytes ? room : bytes) < 0)
    return -EFAULT;
  return copy_out(task, length, &bytes, sizeof bytes);
}

static struct socket *find_named(const struct socket_name *name) {
  bool abstract = name->address.sun_path[0] == 0;
  for (struct socket *socket = named; socket != NULL; socket = socket->next_named) {
    bool same = abstract ? socket->name.bytes == name->bytes &&
                               memcmp(&socket->name.address, &name->address, name->bytes) == 0
                         : socket->name.inode == name->inode && socket->name.device == name->device &&
                               socket->name.inode != 0;
    if (same)
      return socket;
  }
  return NULL;
}

// What bind and connect are given: a socket and a name.
static int64_t socket_and_name(struct task *task, const uint64_t *arguments, struct file **file,
                               struct socket **socket, struct socket_name *name, char path[PATH_MAX]) {
  int64_t error = socket_of(task, arguments[0], file, socket);
  return error == 0 ? name_in(task, arguments[1], arguments[2], name, path) : error;
}

HANDLER(sys_bind) {
  struct file *file;
  struct socket *socket;
  struct socket_name name;
  char path[PATH_MAX];
  int64_t error = socket_and_name(task, arguments, &file, &socket, &name, path);
  if (error < 0)
    return error;
  if (socket->named_by != NULL || socket->in != NULL)
    return -EINVAL;
  file_retain(file);
  if (path[0] != 0) {
    struct stat stat;
    error = path_is_synthetic(path)
                ? -EROFS
                : files_path_request(FILES_MAKE_NODE, path, S_IFSOCK | (0777 & ~task->process->umask), 0);
    if (error == 0)
      error = files_stat(path, false, &stat);
    if (error == 0) {
      name.device = stat.st_dev;
      name.inode = stat.st_ino;
    }
  } else if (find_named(&name) != NULL) {
    error = -EADDRINUSE;
  }
  if (error == 0 && socket->named_by == NULL) {
    socket->name = name;
    socket->next_named = named;
    socket->named_by = &named;
    if (named != NULL)
      named->named_by = &socket->next_named;
    named = socket;
  }
  file_release(file);
  return error == -EEXIST ? -EADDRINUSE : error;
}

HANDLER(sys_listen) {
  struct file *file;
  struct socket *socket;
  int64_t error = socket_of(task, arguments[0], &file, &socket);
  if (error < 0)
    return error;
  if (socket->in != NULL || socket->named_by == NULL)
    return -EINVAL;
  uint64_t backlog = arguments[1] & 0xffffffff;
  socket->backlog = backlog == 0 ? 1 : backlog > MAX_BACKLOG ? MAX_BACKLOG : (uint32_t)backlog;
  socket->listens = true;
  return 0;
}

HANDLER(sys_connect) {
  struct file *file;
  struct socket *socket;
  struct socket_name name;
  char path[PATH_MAX];
  int64_t error = socket_and_name(task, arguments, &file, &socket, &name, path);
  if (error < 0)
    return error;
  if (path[0] != 0) {
    struct stat stat;
    file_retain(file);
    error = path_stat(task, path, true, &stat);
    file_release(file);
    if (error < 0)
      return error;
    if (!S_ISSOCK(stat.st_mode) || file != descriptor_file(task, arguments[0]))
      return -ECONNREFUSED;
    name.device = stat.st_dev;
    name.inode = stat.st_ino;
  }
  if (socket->listens)
    return -EINVAL;
  if (socket->in != NULL)
    return -EISCONN;
  struct socket *listener = find_named(&name);
  if (listener == NULL || !listener->listens)
    return -ECONNREFUSED;
  if (listener->waiting >= listener->backlog) {
    if (file_nonblocking(file))
      return -EAGAIN;
    return wait_on(task, &listener->changed) ? CALL_BLOCKS : -ENOMEM;
  }
  struct socket *connection = socket_create(task);
  if (connection == NULL)
    return -ENOMEM;
  connection->name = listener->name;
  connection->owner = listener->owner;
  if (!join(socket, connection)) {
    free(connection);
    return -ENOMEM;
  }
  if (listener->last != NULL)
    listener->last->next = connection;
  else
    listener->first = connection;
  listener->last = connection;
  listener->waiting++;
  wake_all(&listener->changed);
  wake_all(&socket->changed);
  return 0;
}

static int64_t accept_connection(struct task *task, const uint64_t *arguments, uint64_t flags) {
  struct file *file;
  struct socket *listener;
  int64_t error = socket_of(task, arguments[0], &file, &listener);
  if (error < 0)
    return error;
  if (!listener->listens || (flags & ~(uint64_t)(SOCK_CLOEXEC | SOCK_NONBLOCK)) != 0)
    return -EINVAL;
  struct socket *connection = listener->first;
  if (connection == NULL) {
    if (file_nonblocking(file))
      return -EAGAIN;
    return wait_on(task, &listener->changed) ? CALL_BLOCKS : -ENOMEM;
  }
  listener->first = connection->next;
  if (listener->first == NULL)
    listener->last = NULL;
  connection->next = NULL;
  listener->waiting--;
  wake_all(&listener->changed);
  struct socket_name peer_name = connection->peer_name;
  struct file *accepted = socket_file(connection, flags);
  if (accepted == NULL)
    return -ENOMEM;
  int64_t result = descriptor_add(task, accepted, 0, (flags & SOCK_CLOEXEC) != 0);
  if (result >= 0 && arguments[1] != 0)
    name_out(task, &peer_name, arguments[1], arguments[2]);
  return result;
}

HANDLER(sys_accept) { return accept_connection(task, arguments, 0); }
HANDLER(sys_accept4) { return accept_connection(task, arguments, arguments[3]); }

HANDLER(sys_shutdown) {
  struct file *file;
  struct socket *socket;
  int64_t error = socket_of(task, arguments[0], &file, &socket);
  if (error < 0)
    return error;
  if (socket->in == NULL)
    return -ENOTCONN;
  if (arguments[1] > SHUT_RDWR)
    return -EINVAL;
  shut_down(socket, arguments[1] != SHUT_WR, arguments[1] != SHUT_RD);
  return 0;
}

HANDLER(sys_getsockname) {
  struct file *file;
  struct socket *socket;
  int64_t error = socket_of(task, arguments[0], &file, &socket);
  return error < 0 ? error : name_out(task, &socket->name, arguments[1], arguments[2]);
}

HANDLER(sys_getpeername) {
  struct file *file;
  struct socket *socket;
  int64_t error = socket_of(task, arguments[0], &file, &socket);
  if (error == 0 && socket->in == NULL)
    error = -ENOTCONN;
  return error < 0 ? error : name_out(task, &socket->peer_name, arguments[1], arguments[2]);
}

static int64_t transmit(struct task *task, struct file *file, struct transfer *transfer, uint64_t flags) {
  transfer_skip(transfer, task->call.done);
  if (transfer->left == 0)
    return (int64_t)transfer->done;
  return socket_send(task, file, transfer, file_nonblocking(file) || (flags & MSG_DONTWAIT) != 0,
                     (flags & MSG_NOSIGNAL) != 0);
}

static int64_t get(struct task *task, struct file *file, struct transfer *transfer, uint64_t flags) {
  struct socket *socket = file->object;
  if (socket->in == NULL)
    return -ENOTCONN;
  if (!socket->reads || transfer->left == 0)
    return 0;
  // MSG_WAITALL: as much as is there may be less, as when a signal came.
  return stream_read(task, socket->in, transfer, file_nonblocking(file) || (flags & MSG_DONTWAIT) != 0,
                     (flags & MSG_PEEK) != 0);
}

HANDLER(sys_sendto) {
  struct file *file;
  struct socket *socket;
  struct transfer transfer;
  int64_t error = socket_of(task, arguments[0], &file, &socket);
  if (error < 0)
    return error;
  if (arguments[4] != 0)
    return socket->in != NULL ? -EISCONN : -EOPNOTSUPP;
  transfer_single(&transfer, task, arguments[1], arguments[2]);
  return transmit(task, file, &transfer, arguments[3]);
}

HANDLER(sys_recvfrom) {
  struct file *file;
  struct socket *socket;
  struct transfer transfer;
  int64_t error = socket_of(task, arguments[0], &file, &socket);
  if (error < 0)
    return error;
  transfer_single(&transfer, task, arguments[1], arguments[2]);
  int64_t result = get(task, file, &transfer, arguments[3]);
  socklen_t none = 0;
  if (result >= 0 && arguments[4] != 0 && arguments[5] != 0)
    copy_out(task, arguments[5], &none, sizeof none);
  return result;
}

static int64_t message(struct task *task, const uint64_t *arguments, bool sends) {
  struct file *file;
  struct socket *socket;
  struct transfer transfer;
  struct msghdr header;
  int64_t result = socket_of(task, arguments[0], &file, &socket);
  if (result < 0)
    return result;
  if (copy_in(task, &header, arguments[1], sizeof header) < 0)
    return -EFAULT;
  result = transfer_vector(&transfer, task, (uint64_t)header.msg_iov, (uint32_t)header.msg_iovlen);
  if (result < 0)
    return result;
  if (sends)
    result = header.msg_controllen != 0 ? -EOPNOTSUPP : transmit(task, file, &transfer, arguments[2]);
  else
    result = get(task, file, &transfer, arguments[2]);
  transfer_free(&transfer);
  if (!sends && result >= 0) {
    header.msg_namelen = 0;
    header.msg_controllen = 0;
    header.msg_flags = 0;
    if (copy_out(task, arguments[1], &header, sizeof header) < 0)
      return -EFAULT;
  }
  return result;
}

HANDLER(sys_sendmsg) { return message(task, arguments, true); }
HANDLER(sys_recvmsg) { return message(task, arguments, false); }

HANDLER(sys_setsockopt) {
  struct file *file;
  struct socket *socket;
  return socket_of(task, arguments[0], &file, &socket);
}

HANDLER(sys_getsockopt) {
  struct file *file;
  struct socket *socket;
  int64_t error = socket_of(task, arguments[0], &file, &socket);
  if (error < 0)
    return error;
  if (arguments[1] != SOL_SOCKET)
    return -ENOPROTOOPT;
  int value = 0;
  struct ucred credentials = {.pid = socket->peer};
  const void *from = &value;
  socklen_t bytes = sizeof value, room;
  switch (arguments[2]) {
  case SO_ERROR:
    break;
  case SO_TYPE:
    value = SOCK_STREAM;
    break;
  case SO_DOMAIN:
    value = AF_UNIX;
    break;
  case SO_ACCEPTCONN:
    value = socket->listens;
    break;
  case SO_SNDBUF:
  case SO_RCVBUF:
    value = (int)STREAM_BYTES;
    break;
  case SO_PEERCRED:
    from = &credentials;
    bytes = sizeof credentials;
    break;
  default:
    return -ENOPROTOOPT;
  }
  if (copy_in(task, &room, arguments[4], sizeof room) < 0)
    return -EFAULT;
  if (bytes > room)
    bytes = room;
  if (copy_out(task, arguments[3], from, bytes) < 0)
    return -EFAULT;
  return copy_out(task, arguments[4], &bytes, sizeof bytes);
}
