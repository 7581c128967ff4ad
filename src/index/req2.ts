import { createHash } from 'node:crypto';

/**
 * What an encrypted handshake calls a torrent by: HASH('req2', SKEY), SHA-1 over the word and the info-hash ("Message Stream
 * Encryption Format Specification" 1.0). Kept, so that whom it is about is one look-up and not a table of all torrents.
 */
export const req2Of = (infoHash: Uint8Array): Buffer => createHash('sha1').update('req2').update(infoHash).digest();
