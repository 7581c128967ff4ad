/**
 * Whether the tracker's swarm is open to all: an address whose path is nothing but `/announce` carries no passkey. Any other may be a
 * private tracker's (BEP 27).
 */
export const isOpenTracker = (url: string): boolean =>
  /^udp:\/\//i.test(url) || /^https?:\/\/[^/?#]+\/announce$/i.test(url);
