import ffi from 'node:ffi';

/**
 * The libc calls that Node lacks, through Node's own FFI. Loaded once a thread. Numbers are Linux's and the same on
 * x86-64 and arm64. Errors are thrown as `SysError` with the usual `code`.
 */

const { functions: c } = ffi.dlopen('libc.so.6', {
  socket: { return: 'i32', arguments: ['i32', 'i32', 'i32'] },
  bind: { return: 'i32', arguments: ['i32', 'buffer', 'u32'] },
  connect: { return: 'i32', arguments: ['i32', 'buffer', 'u32'] },
  setsockopt: { return: 'i32', arguments: ['i32', 'i32', 'i32', 'buffer', 'u32'] },
  getsockopt: { return: 'i32', arguments: ['i32', 'i32', 'i32', 'buffer', 'buffer'] },
  send: { return: 'i64', arguments: ['i32', 'buffer', 'u64', 'i32'] },
  recv: { return: 'i64', arguments: ['i32', 'buffer', 'u64', 'i32'] },
  poll: { return: 'i32', arguments: ['buffer', 'u64', 'i32'] },
  eventfd: { return: 'i32', arguments: ['u32', 'i32'] },
  read: { return: 'i64', arguments: ['i32', 'buffer', 'u64'] },
  write: { return: 'i64', arguments: ['i32', 'buffer', 'u64'] },
  close: { return: 'i32', arguments: ['i32'] },
  close_range: { return: 'i32', arguments: ['u32', 'u32', 'u32'] },
  mallopt: { return: 'i32', arguments: ['i32', 'i32'] },
  fcntl: { return: 'i32', arguments: ['i32', 'i32', 'i32'] },
  malloc_trim: { return: 'i32', arguments: ['u64'] },
  if_nametoindex: { return: 'u32', arguments: ['string'] },
  __errno_location: { return: 'pointer', arguments: [] },
});

export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_INET6 = 10;
export const AF_NETLINK = 16;
export const AF_PACKET = 17;
export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_RAW = 3;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
export const SOL_SOCKET = 1;
export const SO_REUSEADDR = 2;
const SO_BINDTODEVICE = 25;
export const SO_RCVBUFFORCE = 33;
export const SO_MARK = 36;
export const SOL_IP = 0;
export const IP_TRANSPARENT = 19;
export const SOL_IPV6 = 41;
export const IPV6_V6ONLY = 26;
export const IPV6_TRANSPARENT = 75;
export const IPPROTO_TCP = 6;
export const TCP_INFO = 11;
const MSG_DONTWAIT = 0x40;
const EFD_NONBLOCK = SOCK_NONBLOCK;
const POLLIN = 1;
const EAGAIN = 11;
const ENOBUFS = 105;
const EINTR = 4;

const CODES: Readonly<Record<number, string>> = {
  1: 'EPERM',
  4: 'EINTR',
  11: 'EAGAIN',
  13: 'EACCES',
  19: 'ENODEV',
  22: 'EINVAL',
  90: 'EMSGSIZE',
  97: 'EAFNOSUPPORT',
  98: 'EADDRINUSE',
  99: 'EADDRNOTAVAIL',
  100: 'ENETDOWN',
  101: 'ENETUNREACH',
  105: 'ENOBUFS',
};

const errno = (): number => ffi.getInt32(c.__errno_location() as bigint);

export class SysError extends Error {
  readonly code: string;
  constructor(what: string, number: number) {
    const code = CODES[number] ?? `errno ${number}`;
    super(`${what}: ${code}`);
    this.code = code;
  }
}

function check(result: number | bigint, what: string): number {
  if (result < 0) throw new SysError(what, errno());
  return Number(result);
}

/** A close-on-exec, non-blocking socket. */
export const openSocket = (domain: number, type: number, protocol: number): number =>
  check(c.socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol) as number, 'socket');

export function setOption(fd: number, level: number, name: number, value: number): void {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  check(c.setsockopt(fd, level, name, bytes, 4) as number, `setsockopt ${level}/${name}`);
}

/** Reads an option into `into`. False: the kernel has less to say, or nothing. */
export function getOption(fd: number, level: number, name: number, into: Buffer): boolean {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(into.length);
  return c.getsockopt(fd, level, name, into, length) === 0 && length.readUInt32LE() === into.length;
}

/** Whatever the socket sends or receives goes through this interface alone (socket(7)). */
export function bindToDevice(fd: number, name: string): void {
  const bytes = Buffer.from(`${name}\0`);
  check(c.setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, bytes, bytes.length) as number, `SO_BINDTODEVICE ${name}`);
}

export const bindSocket = (fd: number, address: Buffer, what: string): void => {
  check(c.bind(fd, address, address.length) as number, `bind ${what}`);
};

/** fcntl(2). */
const F_DUPFD_CLOEXEC = 1030;

/** One more descriptor of the same socket, close-on-exec. */
export const duplicate = (fd: number): number => check(c.fcntl(fd, F_DUPFD_CLOEXEC, 0) as number, 'F_DUPFD_CLOEXEC');

/** close_range(2). */
const CLOSE_RANGE_CLOEXEC = 4;
const LAST_FD = 0xffffffff;

/**
 * No program that this process starts gets a descriptor of it, but those that spawn gives it. To be called wherever a library opened one: what a child holds lives as long as
 * the child, and a table of rules with its socket.
 */
export const closeAllOnExec = (): void => {
  check(c.close_range(3, LAST_FD, CLOSE_RANGE_CLOEXEC) as number, 'close_range');
};

/** Of struct tcp_info (linux/tcp.h): up to `tcpi_unacked`, which of a listening socket tells how many connections wait to be accepted. */
const UNACKED_AT = 24;

export function queuedConnections(fd: number): number {
  const info = Buffer.alloc(UNACKED_AT + 4);
  const length = Buffer.alloc(4);
  length.writeInt32LE(info.length);
  check(c.getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, length) as number, 'TCP_INFO');
  return info.readUInt32LE(UNACKED_AT);
}

/** Of a datagram socket: where `sendBytes` sends to. */
export const connectSocket = (fd: number, address: Buffer, what: string): void => {
  check(c.connect(fd, address, address.length) as number, what);
};

export const sendBytes = (fd: number, bytes: Uint8Array): void => {
  check(c.send(fd, bytes, BigInt(bytes.length), MSG_DONTWAIT) as bigint, 'send');
};

/** Bytes received; 0 when nothing waits; -1 when the kernel says that it dropped some (ENOBUFS). */
export function receiveInto(fd: number, into: Uint8Array): number {
  const n = Number(c.recv(fd, into, BigInt(into.length), MSG_DONTWAIT));
  if (n >= 0) return n;
  const e = errno();
  if (e === EAGAIN || e === EINTR) return 0;
  if (e === ENOBUFS) return -1;
  throw new SysError('recv', e);
}

/** Blocks this thread until one of `fds` can be read or `ms` have passed. For threads without an event loop to serve. */
export function waitReadable(fds: readonly number[], ms: number): void {
  const set = Buffer.alloc(8 * fds.length);
  fds.forEach((fd, i) => {
    set.writeInt32LE(fd, 8 * i);
    set.writeInt16LE(POLLIN, 8 * i + 4);
  });
  const n = c.poll(set, BigInt(fds.length), ms) as number;
  if (n < 0 && errno() !== EINTR) throw new SysError('poll', errno());
}

/** A counter that one thread rings and another waits on (eventfd(2)). */
export const openBell = (): number => check(c.eventfd(0, EFD_NONBLOCK | SOCK_CLOEXEC) as number, 'eventfd');
const ONE = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);
export const ringBell = (fd: number): void => {
  c.write(fd, ONE, 8n);
};
const bellCount = Buffer.alloc(8);
export const clearBell = (fd: number): void => {
  c.read(fd, bellCount, 8n);
};

export const closeFd = (fd: number): void => {
  c.close(fd);
};

export function interfaceIndex(name: string): number {
  const index = c.if_nametoindex(name) as number;
  if (index === 0) throw new SysError(`no network interface ${name}`, 19);
  return index;
}

/** Of mallopt(3), glibc's malloc.h. */
const M_TRIM_THRESHOLD = -1;
const M_MMAP_THRESHOLD = -3;
/** The most that glibc allows: what is larger is always mapped by itself. */
const MAPPED_BYTES = 32 << 20;
/** V8 frees what it collects, some 64 MiB of pieces, at once. */
const KEPT_BYTES = 128 << 20;

/**
 * Has malloc keep freed memory for whoever asks next, up to 128 MiB; by itself it gives back to the kernel all but 2. Pieces come and go by the
 * megabyte, and a page that comes from the kernel anew costs more than to read it from the page cache. For the whole process.
 */
export function keepFreedMemory(): void {
  if (c.mallopt(M_MMAP_THRESHOLD, MAPPED_BYTES) !== 1 || c.mallopt(M_TRIM_THRESHOLD, KEPT_BYTES) !== 1)
    throw new SysError('mallopt', 22);
}

/** Gives the kernel back what malloc keeps of freed memory, wherever it lies: a third of a second for a gigabyte. */
export const giveBackMemory = (): void => {
  c.malloc_trim(0n);
};
