import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { conversation, HANDSHAKE, LINKS, packet, pcap } from './fixtures.ts';

const COMMAND = join(import.meta.dirname, '../verdicts');
const CORPUS = join(import.meta.dirname, '../../../shared/corpus/pcaps');

type Line = { file: string; l4: string; a: string; ap: number; b: string; bp: number; verdict: string; why: string };

function verdicts(files: readonly string[], cwd?: string): { status: number | null; errors: string; lines: Line[] } {
  const ran = spawnSync(COMMAND, files, { encoding: 'utf8', maxBuffer: 1 << 26, cwd, timeout: 60_000 });
  const lines = ran.stdout.split('\n').filter((line) => line !== '');
  return { status: ran.status, errors: ran.stderr, lines: lines.map((line) => JSON.parse(line) as Line) };
}

function withFiles(files: Readonly<Record<string, Buffer>>, use: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'swarmbox-verdicts-'));
  try {
    for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
    use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('one line a flow; a file that cannot be read is named, and the others are still done', () => {
  const frames = conversation(HANDSHAKE, { version: 6, sizes: [1] });
  const files = {
    'flow.pcap': pcap(101, frames),
    'text.txt': Buffer.from('no capture'),
    'odd.pcap': pcap(147, frames),
  };
  withFiles(files, (folder) => {
    const ran = verdicts(['missing.pcap', 'text.txt', 'odd.pcap', '.', 'flow.pcap'], folder);
    assert.equal(ran.status, 2);
    assert.deepEqual(ran.lines, [
      {
        file: 'flow.pcap',
        l4: 'tcp',
        a: '2001:db8::1',
        ap: 40_000,
        b: '2001:db8::2',
        bp: 6881,
        verdict: 'bittorrent',
        why: 'handshake',
      },
    ]);
    assert.match(ran.errors, /missing\.pcap: .*no such file/);
    assert.match(ran.errors, /text\.txt: it is neither pcap nor pcapng/);
    assert.match(ran.errors, /odd\.pcap: frames of link type 147 cannot be read/);
    assert.match(ran.errors, /verdicts: \.: .*directory/);
    assert.equal(verdicts(['flow.pcap'], folder).status, 0);
  });
});

test('a call without files, or with an unknown option, says how it is used', () => {
  for (const args of [[], ['--all'], ['--all', 'flow.pcap']]) {
    const ran = verdicts(args);
    assert.deepEqual([ran.status, ran.lines], [2, []]);
    assert.match(ran.errors, /usage: scripts\/verdicts FILE/);
  }
});

test('a file cut short gives what is in it, and each link type is read from a file', () => {
  const files = Object.fromEntries(
    LINKS.map(([name, linkType, frameOf]) => {
      const whole = pcap(linkType, [...conversation(HANDSHAKE).map(frameOf), frameOf(packet({ proto: 'udp' }))]);
      return [`${name}.pcap`, whole.subarray(0, whole.length - 1)];
    }),
  );
  withFiles(files, (folder) => {
    const ran = verdicts(Object.keys(files), folder);
    assert.equal(ran.status, 0);
    assert.equal(ran.errors.match(/ends in the middle of a record/g)?.length, LINKS.length);
    assert.deepEqual(
      ran.lines.map(({ file, verdict }) => [file, verdict]),
      Object.keys(files).map((file) => [file, 'bittorrent']),
    );
  });
});

/** Flow counts of a file as `verdict`. */
type Expected = Readonly<Record<string, number>>;

/**
 * What each capture with BitTorrent in it holds. `no-payload` flows are connections that nobody answered: there is
 * nothing in them to tell them by. In `bt-dns` only a name is BitTorrent's. `targusdataspeed_false_positives` is named
 * after another protocol that was seen in it by mistake: its flows are DHT. The encrypted connection can only be guessed.
 */
const BITTORRENT: Readonly<Record<string, Expected>> = {
  'bittorrent.pcap': { 'tcp bittorrent handshake': 24 },
  'bittorrent_utp.pcap': { 'udp utp utp-syn-state': 2 },
  'bt-dns.pcap': { 'udp other no-signature': 1 },
  'bt-http.pcapng': { 'tcp tracker http-announce': 1 },
  'bt_search.pcap': { 'udp lsd lsd-search': 1 },
  'self_dht_lsd_pex_utmetadata.pcap': {
    'tcp bittorrent handshake': 32,
    'tcp other no-payload': 6,
    'udp dht krpc': 2,
    'udp lsd lsd-search': 3,
  },
  'self_tcp_hybrid_v1v2.pcap': { 'tcp bittorrent handshake': 1 },
  'self_tcp_mse_rc4_udptracker.pcap': {
    'tcp mse? random-keys': 1,
    'tcp other no-payload': 1,
    'udp tracker udp-announce': 1,
  },
  'self_tcp_plain_httptracker.pcap': {
    'tcp bittorrent handshake': 4,
    'tcp other no-payload': 3,
    'tcp tracker http-announce': 3,
  },
  'self_utp_plain.pcap': { 'udp utp utp-syn-state': 1 },
  'suricata_bittorrent-dht.pcap': { 'udp dht krpc': 2 },
  'synthetic_qvod_msdo.pcap': {
    'tcp ms-do ms-do-handshake': 1,
    'tcp qvod qvod-handshake': 1,
    'udp qvod qvod-datagram': 1,
  },
  'targusdataspeed_false_positives.pcap': { 'udp dht krpc': 2 },
};

/** Files of the corpus; none, and a message, where it is not there. */
function corpus(t: TestContext, folder: string): string[] {
  const at = join(CORPUS, folder);
  if (!existsSync(at)) {
    t.skip(`no captures at ${at}`);
    return [];
  }
  return readdirSync(at)
    .filter((name) => /cap(ng)?$/.test(name))
    .map((name) => join(at, name));
}

/** The IPv4 flows that nDPI found and what it called them; its spelling of IPv6 addresses is its own. */
function ndpiFlows(capture: string): { key: string; label: string }[] {
  const flow = /^\t\d+\t(TCP|UDP) ([\d.]+):(\d+) <?->? ([\d.]+):(\d+) \[proto: [^/\]]+\/([^\]]+)/gm;
  return Array.from(readFileSync(`${capture}.out`, 'latin1').matchAll(flow), ([, l4, a, ap, b, bp, label]) => ({
    key: [(l4 as string).toLowerCase(), ...[`${a} ${ap}`, `${b} ${bp}`].sort()].join(' '),
    label: label as string,
  }));
}
const keyOf = (line: Line): string => [line.l4, ...[`${line.a} ${line.ap}`, `${line.b} ${line.bp}`].sort()].join(' ');

test('every BitTorrent flow of the captures is found', (t) => {
  const files = corpus(t, 'bittorrent');
  if (files.length === 0) return;
  const { lines, status, errors } = verdicts(files);
  assert.deepEqual([status, errors], [0, '']);
  const found: Record<string, Record<string, number>> = {};
  for (const { file, l4, verdict, why } of lines) {
    found[basename(file)] ??= {};
    const counts = found[basename(file)] as Record<string, number>;
    counts[`${l4} ${verdict} ${why}`] = (counts[`${l4} ${verdict} ${why}`] ?? 0) + 1;
  }
  assert.deepEqual(found, BITTORRENT);
  const ours = new Set(lines.filter((line) => line.verdict !== 'other').map((line) => `${line.file} ${keyOf(line)}`));
  for (const file of files.filter((name) => existsSync(`${name}.out`) && !name.endsWith('bt-dns.pcap'))) {
    const flows = ndpiFlows(file).filter(({ label }) => /BitTorrent/.test(label));
    assert.ok(flows.length > 0, `${file} has flows in nDPI's results`);
    for (const { key } of flows) assert.ok(ours.has(`${file} ${key}`), `${basename(file)}: ${key}`);
  }
});

test('no flow of the other captures is taken for BitTorrent', (t) => {
  const files = corpus(t, 'other');
  if (files.length === 0) return;
  const { lines, status, errors } = verdicts(files);
  assert.deepEqual([status, errors], [0, '']);
  assert.deepEqual(
    lines.filter(({ verdict }) => !['other', 'mse?', 'ms-do'].includes(verdict)),
    [],
  );
  t.diagnostic(`${lines.length} flows, ${lines.filter(({ verdict }) => verdict === 'mse?').length} of them mse?`);
  // A reader that lost flows could not take them for anything.
  const ours = new Set(lines.map((line) => `${line.file} ${keyOf(line)}`));
  const missed = files.flatMap((file) => ndpiFlows(file).filter(({ key }) => !ours.has(`${file} ${key}`)));
  assert.deepEqual(
    missed.map(({ key }) => key),
    ['udp 0.0.0.0 68 255.255.255.255 67'],
    'one inside a CAPWAP tunnel',
  );
});
