import type { Socket } from 'node:net';
import { borrowSlot, returnSlot, SLOT_BYTES } from '#wire/rc4-wasm.ts';

/** Less than this is not worth a slot, which a client that does not read would keep. */
const SMALL_BYTES = 4096;

/**
 * Writes the parts, encrypted, end to end. They are copied first, because cached pieces are shared: into memory that the cipher works on in
 * place and that the socket sends from. It is lent again only when the socket is done with it, sent or not: until then it may be read.
 * `taken`: the kernel has it all.
 */
export function writeEncrypted(
  socket: Socket,
  parts: readonly Uint8Array[],
  encryptInPlace: (b: Buffer) => void,
  taken?: () => void,
): void {
  let left = 0;
  for (const part of parts) left += part.length;
  const borrowed: Buffer[] = [];
  let copy: Buffer = Buffer.alloc(0);
  let filled = 0;
  for (const part of parts) {
    for (let at = 0; at < part.length; ) {
      if (filled === copy.length) {
        copy = memoryFor(left);
        filled = 0;
        borrowed.push(copy);
      }
      const bytes = Math.min(part.length - at, copy.length - filled);
      copy.set(bytes === part.length ? part : part.subarray(at, at + bytes), filled);
      at += bytes;
      filled += bytes;
      left -= bytes;
    }
  }
  const last = borrowed.pop();
  if (!last) return;
  for (const whole of borrowed) {
    encryptInPlace(whole);
    socket.write(whole);
  }
  const rest = last.subarray(0, filled);
  encryptInPlace(rest);
  socket.write(rest, (error) => {
    for (const slot of borrowed) returnSlot(slot);
    returnSlot(last);
    if (!error) taken?.();
  });
}

/** Room for so many bytes, or for a slot's. */
function memoryFor(bytes: number): Buffer {
  if (bytes < SMALL_BYTES) return Buffer.allocUnsafe(bytes);
  return borrowSlot() ?? Buffer.allocUnsafeSlow(Math.min(bytes, SLOT_BYTES));
}
