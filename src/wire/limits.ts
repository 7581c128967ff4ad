import { BLOCK_BYTES, KIB, MIB } from '#base/units.ts';

/** Every bound of this folder, with its unit and why it is what it is. */
export const WIRE_LIMITS = {
  /** Bencode nesting. A metainfo with a v2 file tree nests one level per folder; 64 is deeper than any path seen. */
  bencodeDepth: 64,
  /**
   * Weight of the values of one bencoded message (an object costs memory far beyond its two bytes of text: a
   * dictionary weighs 4, a list 2, the rest 1). The largest honest message is a tracker answer of 500 dictionaries.
   */
  messageWeight: 20_000,
  /** The same for a metainfo: about 200,000 files. */
  metainfoWeight: 2_000_000,
  /** Bytes of a .torrent file: the largest info dictionary plus trackers, comments and v2 piece layers. */
  torrentFileBytes: 48 * MIB,
  /** Bytes of a Qvod seed: by its piece-size rule a file of 128 GiB has 32,768 pieces, 640 KiB of hashes. */
  qvodSeedBytes: MIB,
  /** Bytes of an info dictionary: 400,000 pieces are 8 MB of hashes; the file list of a huge collection is the rest. */
  metadataBytes: 32 * MIB,
  /** Pieces of a torrent. libtorrent's own default (max_pieces = 0x200000). */
  pieces: 0x20_0000,
  /** Bytes of a piece: libtorrent's largest, 32,767 blocks. The store may want less. */
  pieceBytes: 32_767 * BLOCK_BYTES,
  files: 200_000,
  /**
   * Pieces of a torrent whose hash trees are used (1 TiB in pieces of 4 MiB): verifying all layers at once takes the event loop some 1 to 3 us for
   * each. Beyond it v2 alone is refused, and a hybrid is served by its v1 part.
   */
  treePieces: 0x4_0000,
  /** Hashes of one hash message: what BEP 52 advises, and every client asks for. */
  hashesAtOnce: 512,
  /** Characters of one path element (file systems stop at 255 bytes) and elements of one path. */
  nameChars: 255,
  pathElements: 64,
  trackers: 64,
  trackerChars: 2_048,
  /** Bytes of a peer message from an origin: the bitfield of the most pieces allowed, and any extended message. */
  originFrameBytes: 512 * KIB,
  /** Requests and metadata requests that an origin may send although it is choked, each answered by a rejection. */
  originRefusals: 512,
  /** Bytes of a whole HTTP tracker answer, head and decoded body each. */
  httpAnswerBytes: 256 * KIB,
  /** Bytes of an HTTP request line and head that is searched for an announce. */
  httpHeadBytes: 16 * KIB,
  /** Peers of one tracker answer (BEP 15 datagrams carry some 200; HTTP trackers cap numwant at 200..500). */
  answerPeers: 2_000,
  /** Info-hashes of one scrape (BEP 15: 74 fit a datagram). */
  scrapeHashes: 74,
  /** Peers read from one PEX message, and bytes of one (BEP 11: 50 of each family, more only in the first). */
  pexPeers: 200,
  pexBytes: 16 * KIB,
  /** PEX messages of one origin that are read, beyond one a minute. */
  pexAtOnce: 3,
  /** Info-hashes of one LSD datagram (BEP 14: it must fit 1,400 bytes). */
  lsdHashes: 32,
  /** Bytes of a DHT datagram: what fits an Ethernet frame, and room for a reassembled one. */
  krpcBytes: 4_096,
  /** Bencode weight of a DHT datagram: 500 peers as strings and the dictionaries around them. */
  krpcWeight: 700,
  /** Dictionaries of a DHT message nest two deep; unknown extensions may add a little. */
  krpcDepth: 6,
  /** Bytes of a DHT transaction id: clients use 2 to 8. */
  krpcTransactionBytes: 32,
  /** Nodes of one DHT answer: clients send 8 of each family, some 16 or 20. */
  krpcNodes: 64,
  /** Bytes of a DHT write token: 4 to 20 are seen. */
  krpcTokenBytes: 64,
} as const;
