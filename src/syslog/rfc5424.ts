/** RFC 5424 section 6.2.1: of system daemons, and `log audit`. */
export const FACILITY = { daemon: 3, audit: 13 } as const;
export const SEVERITY = { error: 3, warn: 4, notice: 5, info: 6 } as const;

export type SyslogLine = {
  readonly facility: keyof typeof FACILITY;
  readonly severity: keyof typeof SEVERITY;
  readonly atMs: number;
  /** Names the kind of message; what does not fit the header's alphabet becomes `-`. */
  readonly event: string;
  /** Any text. */
  readonly text: string;
};
export type Sender = { readonly host: string; readonly app: string; readonly pid: number };

/** RFC 5424 section 6.4: said before text that is UTF-8. */
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);
const ELLIPSIS = Buffer.from('…');

/** One message without structured data, at most so many bytes: what is longer is cut between two characters. */
export function syslogMessage(line: SyslogLine, sender: Sender, maxBytes: number): Buffer {
  const pri = FACILITY[line.facility] * 8 + SEVERITY[line.severity];
  const head = [
    `<${pri}>1`,
    new Date(line.atMs).toISOString(),
    word(sender.host, 255),
    word(sender.app, 48),
    word(String(sender.pid), 128),
    word(line.event, 32),
    '-',
  ];
  const start = Buffer.concat([Buffer.from(`${head.join(' ')} `, 'latin1'), BOM]);
  // A line feed inside would end the message for receivers that read lines.
  const text = Buffer.from(line.text.toWellFormed().replace(/[\r\n]+/g, ' '));
  if (start.length + text.length <= maxBytes) return Buffer.concat([start, text]);
  return Buffer.concat([start, text.subarray(0, cutAt(text, maxBytes - start.length - ELLIPSIS.length)), ELLIPSIS]);
}

/** RFC 6587 section 3.4.1: the length in front, so that a message may hold anything. */
export const octetCounted = (message: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`${message.length} `, 'latin1'), message]);

/** PRINTUSASCII, without spaces. */
const word = (text: string, max: number): string => text.slice(0, max).replace(/[^\x21-\x7e]/g, '-') || '-';

/** The last place before `at` where a character begins. */
function cutAt(utf8: Buffer, at: number): number {
  let cut = Math.max(0, at);
  while (cut > 0 && ((utf8[cut] as number) & 0xc0) === 0x80) cut--;
  return cut;
}
