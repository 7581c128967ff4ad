import { HEALTH_LIMITS } from './limits.ts';
import type { Bound, Bounds } from './overload.ts';

/** What the process has been given. */
export type Given = {
  /** Of the machine. */
  readonly memoryBytes: number;
  /** Of its control group (systemd's MemoryMax); infinite when there is no limit. */
  readonly groupBytes: number;
  /** Most that JavaScript's own heap may be. */
  readonly heapBytes: number;
  /** Most that the memory cache for pieces will be. */
  readonly cacheBytes: number;
  /** Most clients, as the operator set it. */
  readonly clients: number;
  /** Descriptors that it may have open. */
  readonly descriptors: number;
};

const LIMITS = HEALTH_LIMITS.overload;

const bound = (busy: number, shed?: number): Bound => ({
  busy,
  leave: busy * LIMITS.leaveShare,
  ...(shed !== undefined && { shed }),
});

/** How much of each the box bears. */
export function overloadBounds(given: Given): Bounds {
  const { waitMs, memoryShare, recognising, spliced, splicedPerDescriptor, reads, unverifiedBytes } = LIMITS;
  const memory = memoryBound(given);
  return {
    waitMs: bound(waitMs.busy, waitMs.shed),
    residentBytes: memory,
    heapBytes: bound(memoryShare.busy * given.heapBytes, memoryShare.shed * given.heapBytes),
    recognising: bound(recognising),
    clients: bound(mostClients(given, memory.busy)),
    spliced: bound(Math.min(spliced, given.descriptors * splicedPerDescriptor)),
    unsentBytes: bound(memory.busy / 2, memory.busy),
    reads: bound(reads.busy, reads.shed),
    unverifiedBytes: bound(unverifiedBytes),
  };
}

/** A cache that was set too large for the machine is no overload as long as nothing else grows. */
function memoryBound({ memoryBytes, groupBytes, cacheBytes }: Given): Bound {
  const { memoryShare, besideCacheBytes } = LIMITS;
  const wholeBytes = Math.min(memoryBytes, groupBytes);
  const least = Math.min(cacheBytes + besideCacheBytes, wholeBytes);
  const { busy, leave } = bound(Math.max(memoryShare.busy * wholeBytes, least));
  return { busy, leave: Math.max(leave, least), shed: Math.max(memoryShare.shed * wholeBytes, least) };
}

/** One client at least: with none the box would be of no use. */
function mostClients({ clients, cacheBytes, descriptors }: Given, memoryBytes: number): number {
  const byMemory = (memoryBytes - cacheBytes) / LIMITS.bytesPerClient;
  return Math.max(1, Math.floor(Math.min(clients, byMemory, descriptors * LIMITS.clientsPerDescriptor)));
}
