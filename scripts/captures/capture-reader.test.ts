import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chunksOf } from '#wire/fixtures.ts';
import { parsePacket } from '#wire/ip-packet.ts';
import { CaptureReader } from './capture-reader.ts';
import {
  block,
  enhancedPacket,
  HANDSHAKE,
  interfaceOf,
  LINKS,
  oldPacket,
  packet,
  pcap,
  section,
  simplePacket,
} from './fixtures.ts';
import { ipOf, knowsLink } from './link-layer.ts';

/** What is read out of a file, whichever way it is cut; and what is wrong with it. */
function framesOf(file: Buffer): { frames: string[]; why: string | undefined } {
  let seen: { frames: string[]; why: string | undefined } | undefined;
  for (const sizes of [[file.length || 1], [1], [3, 50, 7]]) {
    const reader = new CaptureReader();
    const frames: string[] = [];
    for (const chunk of chunksOf(file, sizes)) {
      reader.push(chunk, (linkType, frame) => frames.push(`${linkType} ${frame.toString('hex')}`));
    }
    const now = { frames, why: reader.end() };
    if (seen) assert.deepEqual(now, seen, 'the same however it is cut');
    seen = now;
  }
  assert.ok(seen);
  return seen;
}

const A = Buffer.from('first frame');
const B = Buffer.from('second');
const hexOf = (linkType: number, ...frames: Buffer[]): string[] =>
  frames.map((frame) => `${linkType} ${frame.toString('hex')}`);

test('pcap is read in both byte orders, with micro- and nanoseconds', () => {
  for (const little of [true, false]) {
    for (const nano of [true, false]) {
      assert.deepEqual(framesOf(pcap(101, [A, B], { little, nano })), { frames: hexOf(101, A, B), why: undefined });
    }
  }
});

test('pcapng is read: every kind of packet block, several interfaces and sections, either byte order', () => {
  const o = { little: false };
  const file = Buffer.concat([
    section(),
    interfaceOf(1),
    interfaceOf(101),
    enhancedPacket(A, { from: 1 }),
    oldPacket(B, { from: 1 }),
    simplePacket(A),
    block(5, Buffer.from('statistics')),
    section(o),
    interfaceOf(113, { ...o, snap: 4 }),
    enhancedPacket(A, o),
    oldPacket(B, o),
    simplePacket(B, o),
    enhancedPacket(A, { ...o, from: 1 }),
  ]);
  const expected = [...hexOf(101, A, B), ...hexOf(1, A), ...hexOf(113, A, B, B.subarray(0, 4))];
  assert.deepEqual(framesOf(file), { frames: expected, why: undefined }, 'an interface that is not there is nothing');
});

test('a block too long to hold is passed over', () => {
  const long = block(0x0bad, Buffer.alloc(3 << 20));
  const reader = new CaptureReader();
  const seen: number[] = [];
  for (const chunk of chunksOf(Buffer.concat([section(), interfaceOf(1), long, enhancedPacket(A)]), [100_000])) {
    assert.equal(
      reader.push(chunk, (linkType) => seen.push(linkType)),
      undefined,
    );
  }
  assert.deepEqual([seen, reader.end()], [[1], undefined]);
});

test('what is wrong with a file is said, and what came before it counts', () => {
  const whole = pcap(1, [A, B]);
  assert.deepEqual(framesOf(whole.subarray(0, whole.length - 2)), {
    frames: hexOf(1, A),
    why: 'it ends in the middle of a record',
  });
  const huge = Buffer.from(whole);
  huge.writeUInt32LE(0xffff_ffff, 24 + 16 + A.length + 8);
  assert.deepEqual(framesOf(huge), { frames: hexOf(1, A), why: 'a record of 4294967295 bytes, at byte 51' });
  const bent = Buffer.concat([section(), interfaceOf(1), enhancedPacket(A), Buffer.from([6, 0, 0, 0, 13, 0, 0, 0])]);
  assert.match(framesOf(bent).why ?? '', /a block of 13 bytes/);
  const noOrder = Buffer.from(section());
  noOrder.fill(0, 8, 12);
  assert.match(framesOf(noOrder).why ?? '', /no known byte order/);
  assert.match(framesOf(Buffer.from('%PDF-1.7')).why ?? '', /neither pcap nor pcapng/);
  assert.match(framesOf(Buffer.from('1f8b080000000000', 'hex')).why ?? '', /gunzip/);
  assert.match(framesOf(Buffer.alloc(0)).why ?? '', /too short/);
});

test('every link type carries IPv4 and IPv6', () => {
  for (const [name, linkType, frameOf] of LINKS) {
    for (const version of [4, 6] as const) {
      const ip = packet({ version, payload: HANDSHAKE });
      const read = parsePacket(ipOf(linkType, frameOf(ip)) ?? Buffer.alloc(0), 'capture');
      assert.deepEqual(read?.payload, HANDSHAKE, `${name}, IPv${version}`);
    }
  }
  assert.equal(knowsLink(147), false);
  const arp = Buffer.concat([Buffer.alloc(12), Buffer.from('0806', 'hex'), Buffer.alloc(28)]);
  assert.equal(ipOf(1, arp), undefined);
});

test('frames that end early are nothing', () => {
  for (const [name, linkType, frameOf] of LINKS) {
    const frame = frameOf(packet({ payload: HANDSHAKE }));
    for (let n = 0; n < frame.length; n++) {
      const ip = ipOf(linkType, frame.subarray(0, n));
      assert.doesNotThrow(() => ip && parsePacket(ip, 'capture'), `${name}, ${n} bytes`);
    }
  }
});
