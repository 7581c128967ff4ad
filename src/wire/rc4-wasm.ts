/**
 * The inner loop of RC4 as a WebAssembly module: about a quarter faster than the same loop in JavaScript, and than
 * OpenSSL's (`make bench` shows all three). It is assembled here from its text, so that what runs can be read.
 *
 * Memory: the state at 0 (256 words of 32 bits, the fastest width for the loads that wait for the stores before them),
 * then i and j, then the bytes to work on, then slots that are lent: bytes that are turned in one need not be copied out, they can leave from
 * there. The memory never grows, which would take it from under whoever still reads a slot.
 */
const AT_I = 1024;
const AT_J = 1028;
const AT_BYTES = 2048;
const PAGE_BYTES = 65_536;
const WORK_PAGES = 2;
/** Bytes that one call can take. */
const CHUNK_BYTES = WORK_PAGES * PAGE_BYTES - AT_BYTES;
export const SLOT_BYTES = PAGE_BYTES;
/** Four clients' writes of 1 MiB. Whoever finds none copies as before. */
const SLOTS = 64;
const MEMORY_PAGES = WORK_PAGES + SLOTS;
/** Keystream bytes that make one word. */
const WORD_BYTES = 8;

const OPCODES: Readonly<Record<string, number>> = {
  loop: 0x03,
  end: 0x0b,
  br_if: 0x0d,
  'local.get': 0x20,
  'local.set': 0x21,
  'local.tee': 0x22,
  'i32.load': 0x28,
  'i64.load': 0x29,
  'i64.load32_u': 0x35,
  'i32.store': 0x36,
  'i64.store': 0x37,
  'i32.const': 0x41,
  'i64.const': 0x42,
  'i32.lt_u': 0x49,
  'i32.add': 0x6a,
  'i32.and': 0x71,
  'i32.shl': 0x74,
  'i64.or': 0x84,
  'i64.xor': 0x85,
  'i64.shl': 0x86,
};
/** Parameters first: pointer and number of bytes. `m` is the only 64-bit one. */
const LOCALS = ['p', 'n', 'i', 'j', 'a', 'b', 'pi', 'pj', 'end', 'm'];

/** One byte of keystream into `m`, at its place. */
const step = (shift: number): string => `
  local.get i  i32.const 1  i32.add  i32.const 255  i32.and  local.tee i
  i32.const 2  i32.shl  local.tee pi  i32.load  local.tee a
  local.get j  i32.add  i32.const 255  i32.and  local.tee j
  i32.const 2  i32.shl  local.tee pj  i32.load  local.set b
  local.get pi  local.get b  i32.store
  local.get pj  local.get a  i32.store
  local.get a  local.get b  i32.add  i32.const 255  i32.and  i32.const 2  i32.shl  i64.load32_u
  i64.const ${shift}  i64.shl  local.get m  i64.or  local.set m`;

const PROGRAM = `
  i32.const ${AT_I}  i32.load  local.set i
  i32.const ${AT_J}  i32.load  local.set j
  local.get p  local.get n  i32.add  local.set end
  loop
    i64.const 0  local.set m
    ${[0, 8, 16, 24, 32, 40, 48, 56].map(step).join('')}
    local.get p
    local.get p  i64.load  local.get m  i64.xor
    i64.store
    local.get p  i32.const ${WORD_BYTES}  i32.add  local.tee p
    local.get end  i32.lt_u  br_if 0
  end
  i32.const ${AT_I}  local.get i  i32.store
  i32.const ${AT_J}  local.get j  i32.store`;

/** Signed LEB128, which for the small numbers here serves the unsigned fields too. */
function leb(value: number): number[] {
  const bytes: number[] = [];
  for (let left = value; ; left >>= 7) {
    const isLast = (left >= 0 && left < 64) || (left < 0 && left >= -64);
    bytes.push((left & 127) | (isLast ? 0 : 128));
    if (isLast) return bytes;
  }
}

function assemble(text: string): number[] {
  const code: number[] = [];
  const words = text.trim().split(/\s+/);
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    const opcode = OPCODES[word];
    if (opcode === undefined) throw new RangeError(`bug: no instruction ${word}`);
    code.push(opcode);
    if (word.startsWith('local.')) code.push(LOCALS.indexOf(String(words.shift())));
    else if (word.endsWith('.const')) code.push(...leb(Number(words.shift())));
    else if (word === 'br_if') code.push(Number(words.shift()));
    else if (word === 'loop') code.push(0x40);
    else if (/load|store/.test(word)) code.push(0, 0);
  }
  return code;
}

const unsigned = (n: number): number[] => (n < 128 ? [n] : [(n & 127) | 128, ...unsigned(n >> 7)]);
const sized = (bytes: readonly number[]): number[] => [...unsigned(bytes.length), ...bytes];
const section = (id: number, body: readonly number[]): number[] => [id, ...sized(body)];
const name = (text: string): number[] => sized([...Buffer.from(text)]);

const [I32, I64, FUNCTION] = [0x7f, 0x7e, 0x60];
const MODULE = Uint8Array.from([
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...section(1, [1, FUNCTION, 2, I32, I32, 0]),
  ...section(3, [1, 0]),
  ...section(5, [1, 1, ...unsigned(MEMORY_PAGES), ...unsigned(MEMORY_PAGES)]),
  ...section(7, [2, ...name('memory'), 2, 0, ...name('apply'), 0, 0]),
  ...section(10, [1, ...sized([2, LOCALS.length - 3, I32, 1, I64, ...assemble(PROGRAM), 0x0b])]),
]);

type Exports = { readonly memory: WebAssembly.Memory; apply(at: number, bytes: number): void };
const { memory, apply } = new WebAssembly.Instance(new WebAssembly.Module(MODULE)).exports as unknown as Exports;
const words = new Int32Array(memory.buffer);
const bytes = new Uint8Array(memory.buffer);

/** The state of one stream: 256 words, then i and j. */
export const RC4_STATE_WORDS = 258;

const slots: Buffer[] = Array.from({ length: SLOTS }, (_, i) =>
  Buffer.from(memory.buffer, (WORK_PAGES + i) * PAGE_BYTES, SLOT_BYTES),
);

/** `SLOT_BYTES` of the module's memory, the ones used last first: they are still in a processor's cache. Undefined when all are lent. */
export const borrowSlot = (): Buffer | undefined => slots.pop();

/** Nobody reads or writes it any more. Ordinary memory is left to the collector. */
export function returnSlot(slot: Buffer): void {
  if (slot.buffer === memory.buffer) slots.push(slot);
}

/** Turns as many whole words of `from` as there are into `to`, which is as long and may be the same; returns how many bytes that was. */
export function applyRc4(state: Int32Array, from: Uint8Array, to: Uint8Array): number {
  const whole = from.length - (from.length % WORD_BYTES);
  if (whole === 0) return 0;
  words.set(state);
  if (from.buffer === memory.buffer && from === to) apply(from.byteOffset, whole);
  else
    for (let at = 0; at < whole; at += CHUNK_BYTES) {
      const n = Math.min(CHUNK_BYTES, whole - at);
      bytes.set(from.subarray(at, at + n), AT_BYTES);
      apply(AT_BYTES, n);
      to.set(bytes.subarray(AT_BYTES, AT_BYTES + n), at);
    }
  state.set(words.subarray(0, RC4_STATE_WORDS));
  return whole;
}
