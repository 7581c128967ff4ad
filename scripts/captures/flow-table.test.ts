import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parsePacket, TCP_FLAGS } from '#wire/ip-packet.ts';
import { conversation, HANDSHAKE, packet } from './fixtures.ts';
import { FlowTable, type FlowVerdict } from './flow-table.ts';
import { CAPTURE_LIMITS } from './limits.ts';
import { TcpOrder } from './tcp-order.ts';

const { syn, ack, fin } = TCP_FLAGS;

function verdictsOf(packets: readonly Buffer[]): FlowVerdict[] {
  const seen: FlowVerdict[] = [];
  const flows = new FlowTable((verdict) => seen.push(verdict));
  for (const bytes of packets) {
    const read = parsePacket(bytes, 'capture');
    if (read) flows.push(read);
  }
  flows.end();
  return seen;
}
const brief = (packets: readonly Buffer[]): string[] =>
  verdictsOf(packets).map(({ l4, a, b, verdict }) => `${l4} ${a.ip}:${a.port} > ${b.ip}:${b.port} ${verdict}`);

const A = '10.0.0.1:40000';
const B = '192.0.2.2:6881';
const said = (at: number, bytes: Buffer): Buffer => packet({ seq: 100 + at, payload: bytes });
const [one, two, three] = [HANDSHAKE.subarray(0, 9), HANDSHAKE.subarray(9, 15), HANDSHAKE.subarray(15)];

test('a handshake is found however its segments are cut, repeated and put out of order', () => {
  const [opening, answer] = conversation(HANDSHAKE) as [Buffer, Buffer];
  for (const [what, packets] of [
    ['whole', [opening, answer, said(0, HANDSHAKE)]],
    ['single bytes', conversation(HANDSHAKE, { sizes: [1] })],
    ['IPv4, three', [opening, answer, said(0, one), said(9, two), said(15, three)]],
    ['repeated', [opening, answer, said(0, one), said(0, one), said(9, two), said(0, one), said(15, three)]],
    [
      'overlapping',
      [opening, answer, said(0, one), said(4, HANDSHAKE.subarray(4, 15)), said(10, HANDSHAKE.subarray(10))],
    ],
    ['backwards', [opening, answer, said(15, three), said(9, two), said(0, one)]],
    ['no SYN', [said(0, one), said(9, two), said(15, three)]],
    ['from the other side', [opening, answer, packet({ back: true, seq: 500, payload: HANDSHAKE })]],
    ['in the SYN', [packet({ flags: syn, seq: 99, payload: one }), said(9, HANDSHAKE.subarray(9))]],
    ['kept alive', [opening, answer, said(0, one), said(8, Buffer.from('x')), said(9, HANDSHAKE.subarray(9))]],
  ] as const) {
    assert.deepEqual(brief(packets), [`tcp ${A} > ${B} bittorrent`], what);
  }
});

test('sequence numbers go round', () => {
  const last = 0xffff_fffc;
  const packets = [
    packet({ flags: syn, seq: last - 1 }),
    packet({ seq: last + 9, payload: HANDSHAKE.subarray(9) }),
    packet({ seq: last, payload: one }),
  ];
  assert.deepEqual(brief(packets), [`tcp ${A} > ${B} bittorrent`]);
});

test('bytes that the capture did not keep are a gap, and a handshake cut at its end still counts', () => {
  const [opening] = conversation(HANDSHAKE) as [Buffer];
  const first = said(0, HANDSHAKE);
  assert.deepEqual(brief([opening, first.subarray(0, 60)]), [`tcp ${A} > ${B} bittorrent`], 'the 20 bytes are there');
  assert.deepEqual(brief([opening, first.subarray(0, 50), said(10, HANDSHAKE.subarray(10))]), [
    `tcp ${A} > ${B} other`,
  ]);
  assert.deepEqual(brief([packet({ seq: 1, payload: HANDSHAKE }).subarray(0, 34)]), []);
});

test('whoever sent the SYN opened the flow, else whoever spoke first', () => {
  const answer = packet({ back: true, flags: syn | ack });
  assert.deepEqual(brief([answer]), [`tcp ${A} > ${B} other`], 'the SYN was not captured');
  assert.deepEqual(brief([packet({ back: true, payload: one })]), [`tcp ${B} > ${A} other`]);
  assert.deepEqual(
    brief([packet({ back: true, payload: one }), packet({ flags: syn })]).at(-1),
    `tcp ${A} > ${B} other`,
  );
  assert.deepEqual(brief([packet({ proto: 'udp', back: true, payload: one })]), [`udp ${B} > ${A} other`]);
});

test('a connection opened anew between the same ports is another flow', () => {
  const closed = packet({ flags: fin | ack, seq: 100 });
  const packets = [...conversation(Buffer.from('hello')), closed, ...conversation(HANDSHAKE)];
  assert.deepEqual(brief(packets), [`tcp ${A} > ${B} other`, `tcp ${A} > ${B} bittorrent`]);
  const [opening] = conversation(HANDSHAKE) as [Buffer];
  assert.equal(brief([opening, opening, ...conversation(HANDSHAKE)]).length, 1, 'a repeated SYN is not');
});

test('a uTP SYN that nobody answered counts when the capture shows its destination to be a peer', () => {
  const syn = Buffer.from('4100123400000001000000000010000000010000', 'hex');
  const ping = Buffer.from(`d1:ad2:id20:${'n'.repeat(20)}e1:q4:ping1:t2:aa1:y1:qe`);
  const opening = packet({ proto: 'udp', ports: [50_000, 6881], payload: syn });
  const dht = packet({ proto: 'udp', ports: [50_001, 6881], payload: ping });
  assert.deepEqual(brief([opening]), ['udp 10.0.0.1:50000 > 192.0.2.2:6881 other']);
  const [first, second] = verdictsOf([opening, dht]);
  assert.deepEqual([first?.verdict, first?.why, second?.verdict], ['utp', 'utp-syn-to-peer', 'dht']);
});

test('fragments: the first one counts', () => {
  const whole = packet({ proto: 'udp', payload: Buffer.from('BT-SEARCH * HTTP/1.1\r\nHost: x\r\n') });
  const first = Buffer.from(whole.subarray(0, 52));
  first.writeUInt16BE(52, 2);
  first.writeUInt16BE(0x2000, 6);
  const rest = Buffer.concat([whole.subarray(0, 20), whole.subarray(52)]);
  rest.writeUInt16BE(rest.length, 2);
  rest.writeUInt16BE(4, 6);
  assert.deepEqual(brief([first, rest]), [`udp ${A} > ${B} lsd`]);

  const six = packet({ version: 6, payload: HANDSHAKE });
  const withHeaders = (...headers: [kind: number, bytes: Buffer][]): Buffer => {
    const extended = Buffer.concat([six.subarray(0, 40), ...headers.map(([, bytes]) => bytes), six.subarray(40)]);
    extended.writeUInt16BE(extended.length - 40, 4);
    extended[6] = headers[0]?.[0] as number;
    return extended;
  };
  const extension = (next: number, tail: string): Buffer =>
    Buffer.from(next.toString(16).padStart(2, '0') + tail, 'hex');
  const fragment = extension(6, '00000100000001');
  const routed = withHeaders(
    [43, extension(51, '01'.padEnd(30, '0'))],
    [51, extension(44, '01'.padEnd(22, '0'))],
    [44, fragment],
  );
  assert.equal(brief([routed])[0]?.endsWith('bittorrent'), true, 'routing, authentication and fragment headers');
  const second = withHeaders([44, extension(6, '00000900000001')]);
  assert.deepEqual(brief([second]), [], 'a later fragment is nothing');
});

test('the flows that were silent longest give way', () => {
  const seen: FlowVerdict[] = [];
  const most = 2 * CAPTURE_LIMITS.flowsAtOnce;
  const flows = new FlowTable((verdict) => seen.push(verdict), most);
  const talk = (port: number): void => {
    const read = parsePacket(packet({ proto: 'udp', ports: [1, port], payload: one }));
    if (read) flows.push(read);
  };
  talk(1);
  talk(2);
  for (let port = 3; port <= 1000; port++) talk(port);
  assert.equal(seen.length, 0);
  for (let i = 0; seen.length === 0 && i <= most; i++) {
    talk(1);
    const read = parsePacket(packet({ proto: 'udp', ports: [2, i], payload: one }));
    if (read) flows.push(read);
  }
  assert.equal(seen[0]?.b.port, 2);
});

test('whatever order segments come in, the bytes heard are the bytes sent, and what waits is bounded', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 300 }),
      fc.array(fc.tuple(fc.nat(300), fc.integer({ min: 1, max: 60 })), { maxLength: 60 }),
      fc.integer({ min: 0, max: 0xffff_ffff }),
      (bytes, pieces, isn) => {
        const sent = Buffer.from(bytes);
        const order = new TcpOrder();
        order.start(isn);
        const parts: string[] = [];
        const to = { bytes: (b: Buffer) => void parts.push(b.toString('hex')), gap: () => void parts.push('|') };
        for (const [at, size] of pieces) order.push((isn + at) >>> 0, sent.subarray(at, at + size), 0, to);
        assert.ok(parts.includes('|') || sent.toString('hex').startsWith(parts.join('')));
        // In the end everything is sent again.
        order.push(isn, sent, 0, to);
        if (!parts.includes('|')) assert.equal(parts.join(''), sent.toString('hex'));
      },
    ),
  );
});
