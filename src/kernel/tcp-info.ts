import type { Duplex } from 'node:stream';
import { getOption, IPPROTO_TCP, TCP_INFO } from './libc.ts';

/** What the kernel measured on a connection, by its own acknowledged segments. */
export type RoundTrip = {
  /** Smoothed over the last eight or so. */
  readonly rttMs: number;
  /** The least of the last five minutes (`net.ipv4.tcp_min_rtt_wlen`). */
  readonly leastMs: number;
};

/** Of `struct tcp_info` (linux/tcp.h): where the fields lie, and how much of it is asked for. Both in microseconds. */
const RTT_AT = 68;
const MIN_RTT_AT = 148;
const info = Buffer.alloc(152);
/** ~0: nothing was acknowledged yet. */
const UNKNOWN = 0xffff_ffff;

/** Undefined for what is no TCP socket, is not connected, or has sent nothing yet. */
export function roundTrip(stream: Duplex): RoundTrip | undefined {
  const fd = (stream as { _handle?: { fd?: number } | null })._handle?.fd;
  if (fd === undefined || fd < 0 || !getOption(fd, IPPROTO_TCP, TCP_INFO, info)) return undefined;
  const leastUs = info.readUInt32LE(MIN_RTT_AT);
  const rttUs = info.readUInt32LE(RTT_AT);
  if (leastUs === UNKNOWN || rttUs === 0) return undefined;
  return { rttMs: rttUs / 1000, leastMs: leastUs / 1000 };
}
