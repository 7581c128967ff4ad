/** Every bound of this folder, with its unit and why it has that size. */
export const SYSLOG_LIMITS = {
  /** Lines that wait while the server does not take any: some minutes of a busy box. Of more, the oldest go and are counted. */
  queueLines: 2_000,
  /** Bytes of one message over UDP: what RFC 5424 section 6.1 says a receiver should take. */
  udpBytes: 2_048,
  /** Bytes of one message over TCP: what common receivers take without being told. */
  tcpBytes: 8_192,
  connectMs: 10_000,
  /** Before the first and at most before any further try. */
  retryMs: 1_000,
  retryMaxMs: 60_000,
  /** A name is looked up again after so long: over UDP nothing else would tell that the server moved. */
  udpLookUpMs: 60_000,
  /** What still waits at the end of the process may take so long to leave. */
  closeMs: 1_000,
} as const;
