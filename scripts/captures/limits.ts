import { KIB, MIB } from '#base/units.ts';

/** Every bound of reading a capture, with its unit and why it is what it is: a capture is a stranger's file. */
export const CAPTURE_LIMITS = {
  /** Bytes of one record. Captures hold packets of at most 256 KiB, super-packets of 512 KiB. */
  recordBytes: MIB,
  /** Interfaces of one pcapng section. */
  interfaces: 4096,
  /** Bytes read from the file at a time. */
  readBytes: MIB,
  /** Flows whose state is kept, some 1 KiB each; beyond that those that were silent longest get their verdict. */
  flows: 65_536,
  flowsAtOnce: 4_096,
  /** Ends remembered as peers. */
  peers: 65_536,
  /** Segments and bytes that wait for a missing one, for each direction of a connection; then the gap is accepted. */
  heldSegments: 16,
  heldBytes: 32 * KIB,
  /** VLAN tags before the packet: QinQ has two. */
  vlanTags: 4,
} as const;
