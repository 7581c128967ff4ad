import { closeSync, openSync, readSync } from 'node:fs';
import { argv, exit, stderr, stdout } from 'node:process';
import { errorText } from '#base/errors.ts';
import { parsePacket } from '#wire/ip-packet.ts';
import { CaptureReader } from './capture-reader.ts';
import { FlowTable, type FlowVerdict } from './flow-table.ts';
import { CAPTURE_LIMITS } from './limits.ts';
import { ipOf, knowsLink } from './link-layer.ts';

const USAGE = `usage: scripts/verdicts FILE...
Says what each TCP and UDP flow of a capture (pcap, pcapng) is, by the signatures that the box goes by:
one JSON line a flow, with "verdict" bittorrent, utp, dht, tracker, lsd, qvod, ms-do, other,
or "mse?": perhaps encrypted BitTorrent, a guess that the box never acts on.
`;

/** Written in portions: a line for each write would cost more than reading the flow. */
const OUTPUT_CHARS = 64 * 1024;
let output = '';
const flush = (): void => {
  if (output !== '') stdout.write(output);
  output = '';
};

function print(file: string, v: FlowVerdict): void {
  const { l4, a, b, verdict, why } = v;
  output += `${JSON.stringify({ file, l4, a: a.ip, ap: a.port, b: b.ip, bp: b.port, verdict, why })}\n`;
  if (output.length > OUTPUT_CHARS) flush();
}

const complain = (file: string, what: string): void => void stderr.write(`verdicts: ${file}: ${what}\n`);

/** Returns whether the whole file could be read. A file that was cut short is read as far as it goes. */
function judge(file: string): boolean {
  const reader = new CaptureReader();
  const flows = new FlowTable((verdict) => print(file, verdict));
  const unknownLinks = new Set<number>();
  const onFrame = (linkType: number, frame: Buffer): void => {
    if (!knowsLink(linkType)) unknownLinks.add(linkType);
    const ip = ipOf(linkType, frame);
    const packet = ip && parsePacket(ip, 'capture');
    if (packet) flows.push(packet);
  };
  let damage: string | undefined;
  const fd = openSync(file, 'r');
  try {
    const chunk = Buffer.allocUnsafe(CAPTURE_LIMITS.readBytes);
    for (let n = readSync(fd, chunk); n > 0 && damage === undefined; n = readSync(fd, chunk)) {
      damage = reader.push(chunk.subarray(0, n), onFrame);
    }
  } finally {
    closeSync(fd);
    flows.end();
  }
  const end = damage ?? reader.end();
  if (end !== undefined) complain(file, end);
  for (const linkType of unknownLinks) complain(file, `frames of link type ${linkType} cannot be read`);
  return damage === undefined && reader.isCapture && unknownLinks.size === 0;
}

const files = argv.slice(2);
if (files.includes('-h') || files.includes('--help')) {
  stdout.write(USAGE);
  exit(0);
}
const option = files.find((file) => file.startsWith('-'));
if (files.length === 0 || option !== undefined) {
  stderr.write(option === undefined ? USAGE : `verdicts: there is no option ${option}\n${USAGE}`);
  exit(2);
}
// The reader of our output may have seen enough.
stdout.on('error', () => exit(0));
let isWhole = true;
for (const file of files) {
  try {
    isWhole = judge(file) && isWhole;
  } catch (error) {
    complain(file, errorText(error));
    isWhole = false;
  }
  flush();
}
process.exitCode = isWhole ? 0 : 2;
