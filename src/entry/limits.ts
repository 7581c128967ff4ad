/** What a stranger's traffic may cost the entry listener. Each with its unit and its reason. */
export const LIMITS = {
  /** Endpoints in the kernel's steering set: a campus sees tens of thousands; 90 bytes of kernel memory each. */
  steeredEndpoints: 100_000,
  /** How long an endpoint stays steered after it was last named by a tracker. Trackers are asked every 30 min or so. */
  steerForMs: 45 * 60_000,
  /** A client's flows to an endpoint that did not speak BitTorrent with it, or whose torrent is refused, are left alone this long. */
  passForMs: 60 * 60_000,
  /** And this long where the box could not help just then: a disk that was full has room again soon. */
  passBrieflyMs: 2 * 60_000,
  /** Pairs of a client and an endpoint, as many again that pass briefly; 100 bytes each here and in the kernel, whose set holds more than both. */
  passedPairs: 20_000,
  /** Announces whose answer is awaited, for each kind of tracker. */
  trackerFlows: 4_096,
  trackerFlowForMs: 30_000,
  /** HTTP requests a second that are searched for an info-hash, of all clients together; others pass unread. 2.5 % of a core. */
  getsPerS: 500,
  /** DHT queries with an info-hash that await their answer: a lookup asks some 100 nodes, and nodes answer within seconds. */
  dhtAsks: 32_768,
  dhtAskForMs: 15_000,
  /** DHT queries a second with an info-hash that are read of one client. A lookup sends some 20 a second. */
  dhtAsksPerS: 200,
  /** Torrents of one client that the DHT teaches within `steerForMs`. More are a crawler's, not a downloader's. */
  dhtTorrents: 500,
  /** Clients whose torrents are counted so. */
  dhtClients: 2_000,
  /** Peers taken from one tracker answer; trackers send 200 at most. */
  peersPerAnswer: 1_000,
  /** Recognised flows that pass and that the page was told of: none is told of twice while it is remembered. */
  toldFlows: 1_000,
  /** (client, endpoint) -> info-hash entries. */
  learned: 200_000,
  /** Newest endpoints kept across a restart. */
  rememberedEndpoints: 2_000,
  /** Torrents that an encrypted handshake finds in memory: those in use, and as many that clients named. The index finds the rest. */
  skeys: 50_000,
  /** A client that says nothing: the server is meant to speak first. Transmission 3.00 takes up to a second over its handshake. */
  peekMs: 1_500,
  /** A handshake that has begun must be complete by then. */
  handshakeMs: 10_000,
  /** Connections being recognised at the same time. */
  recognising: 2_000,
  /** Spliced flows at the same time; beyond it new ones are refused and their endpoint passed. */
  spliced: 4_000,
  originConnectMs: 10_000,
  /** Dead-man switch: without a sign of life from the main loop, new flows pass after this time. */
  armedForMs: 2_000,
  heartbeatMs: 250,
  /** Flows that are steered between two signs of life, those that nobody has accepted yet included; those beyond pass. At 500 a second the last one waits half a second. */
  steeredAtOnce: 250,
  /** Clients that dialled the box itself, and those of them whose handshake is being read. */
  localClients: 2_000,
  localRecognising: 200,
  /** Addresses of the bridge that the box listens and announces at. */
  localAddresses: 16,
  /** How often the bridge's addresses are looked at: a lease may come or go. */
  localLookMs: 5_000,
  /** LSD: the torrents that are announced unasked, how often, and how often at most for one torrent (BEP 14: five minutes, one minute). */
  lsdHot: 96,
  lsdEveryMs: 5 * 60_000,
  lsdGapMs: 60_000,
  /** One who asks for the first time is answered sooner than that: it waits for the answer, and hears nothing of earlier ones. */
  lsdNewcomerGapMs: 5_000,
  /** Torrents whose last announce is remembered, and who asked for one of them. */
  lsdTorrents: 2_000,
  lsdAskers: 512,
  /** Asked announces a second that are looked at: 512 clients that all start within half a minute. */
  lsdAskedPerS: 20,
  /** Verdicts kept for the page. */
  recentVerdicts: 200,
  /** Flows of a client to an endpoint that can be explained, and how long: 400 bytes each, in memory alone. */
  flowRecords: 10_000,
  flowRecordsForMs: 2 * 60 * 60_000,
  /** Flows in one explanation: each costs the steering worker a look into the kernel's sets, some 50 us. */
  explained: 100,
  /** Explanations that wait for the steering worker. */
  membershipQuestions: 16,
} as const;
