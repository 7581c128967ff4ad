import assert from 'node:assert/strict';
import { parsePacket, segmentPacket } from '#wire/ip-packet.ts';
import { CaptureReader } from '../../captures/capture-reader.ts';
import {
  block,
  conversation,
  enhancedPacket,
  interfaceOf,
  LINKS,
  oldPacket,
  packet,
  pcap,
  section,
  simplePacket,
} from '../../captures/fixtures.ts';
import { FlowTable, type FlowVerdict } from '../../captures/flow-table.ts';
import { ipOf } from '../../captures/link-layer.ts';
import { assertSameHoweverCut, assertUntouched } from '../invariants.ts';
import type { Random } from '../random.ts';
import type { Target } from '../target.ts';

const anyPacket = (random: Random): Buffer =>
  packet({
    version: random.pick([4, 6]),
    proto: random.pick(['tcp', 'udp']),
    back: random.chance(0.3),
    ports: [1000 + random.below(2), 6881],
    seq: random.chance(0.8) ? 100 + random.below(60) : random.next(),
    flags: random.pick([0x02, 0x12, 0x10, 0x18, 0x11, 0x04]),
    payload: random.bytes(random.size(200)),
  });

const ipPacket: Target = {
  maxBytes: 8192,
  tokens: ['\x45\0', '\x60\0\0\0', '\x06', '\x11', '\x2c', '\x00\x01', '\x20\0', '\x1f\xff', '\xff\xff'],
  make: (random) => (random.chance(0.9) ? anyPacket(random) : packet({ payload: random.bytes(7000) })),
  run(input, random) {
    assertUntouched(input, () => {
      for (const source of ['wire', 'capture'] as const) {
        const read = parsePacket(input, source);
        if (!read) continue;
        assert.ok(read.payload.length <= input.length && (read.lackingBytes ?? 1) > 0);
        if (source === 'wire') assert.ok(parsePacket(input, 'capture'), 'a capture may hold what a wire does');
      }
      const segments = segmentPacket(
        input,
        68 + random.below(3000),
        random.chance(0.5) ? 1 + random.below(1500) : undefined,
      );
      const read = parsePacket(input);
      const payloads = segments.map((segment) => parsePacket(segment)?.payload ?? Buffer.alloc(0));
      if (read) assert.ok(Buffer.concat(payloads).equals(read.payload), 'the segments add up to the packet');
      else assert.ok(segments.length === 1 && segments[0]?.equals(input));
    });
  },
};

function anyCapture(random: Random): Buffer {
  const o = { little: random.chance(0.5) };
  const [, linkType, frameOf] = random.pick(LINKS);
  const packets = random.chance(0.5)
    ? conversation(random.bytes(1 + random.size(80)), { sizes: [1 + random.below(40)] })
    : Array.from({ length: 1 + random.size(6) }, () => anyPacket(random));
  const frames = packets.map(frameOf);
  if (random.chance(0.5))
    return pcap(linkType, frames, { ...o, nano: random.chance(0.5), snap: random.pick([40, 65_535]) });
  const wrap = random.pick([enhancedPacket, oldPacket, simplePacket]);
  return Buffer.concat([
    section(o),
    interfaceOf(linkType, o),
    ...frames.map((frame) => wrap(frame, o)),
    block(5, random.bytes(8), o),
  ]);
}

const capture: Target = {
  maxBytes: 8192,
  tokens: [
    '\xd4\xc3\xb2\xa1',
    '\xa1\xb2\xc3\xd4',
    '\x0a\x0d\x0d\x0a',
    '\x4d\x3c\x2b\x1a',
    '\x06\0\0\0',
    '\0\0\0\x06',
    '\x81\0\0\x01',
    '\x88\x64\x11\0',
  ],
  make: anyCapture,
  run(input, random) {
    const { verdicts, frames } = assertUntouched(input, () =>
      assertSameHoweverCut(input, random, (chunks) => {
        const reader = new CaptureReader();
        const verdicts: FlowVerdict[] = [];
        const flows = new FlowTable((verdict) => verdicts.push(verdict));
        let frames = 0;
        for (const chunk of chunks) {
          reader.push(chunk, (linkType, frame) => {
            frames++;
            const ip = ipOf(linkType, frame);
            const read = ip && parsePacket(ip, 'capture');
            if (read) flows.push(read);
          });
        }
        flows.end();
        return { verdicts, frames, end: reader.end() };
      }),
    );
    assert.ok(verdicts.length <= frames && frames <= input.length / 12);
  },
};

export const packetTargets = { 'ip-packet': ipPacket, capture };
