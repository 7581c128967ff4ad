import ffi from 'node:ffi';
import { closeAllOnExec } from './libc.ts';

/**
 * libnftables inside this process (libnftables(3)). A table with `flags owner` belongs to this object's netlink socket:
 * the kernel removes it when the process ends, however it ends. Use from one thread only.
 */
export class Nftables {
  readonly #context: bigint;
  readonly #c;

  constructor() {
    const { functions } = ffi.dlopen('libnftables.so.1', {
      nft_ctx_new: { return: 'pointer', arguments: ['u32'] },
      nft_ctx_buffer_output: { return: 'i32', arguments: ['pointer'] },
      nft_ctx_buffer_error: { return: 'i32', arguments: ['pointer'] },
      nft_run_cmd_from_buffer: { return: 'i32', arguments: ['pointer', 'string'] },
      nft_ctx_get_output_buffer: { return: 'pointer', arguments: ['pointer'] },
      nft_ctx_get_error_buffer: { return: 'pointer', arguments: ['pointer'] },
      nft_ctx_free: { return: 'void', arguments: ['pointer'] },
    });
    this.#c = functions;
    this.#context = functions.nft_ctx_new(0) as bigint;
    // Its socket is not close-on-exec, and the kernel keeps the table as long as anybody holds it.
    closeAllOnExec();
    functions.nft_ctx_buffer_output(this.#context);
    functions.nft_ctx_buffer_error(this.#context);
  }

  /** Runs nft(8) commands as one transaction and returns what they print. Throws with nft's own words. */
  run(commands: string): string {
    const failed = this.#c.nft_run_cmd_from_buffer(this.#context, commands) as number;
    if (failed !== 0) {
      const why = ffi.toString(this.#c.nft_ctx_get_error_buffer(this.#context) as bigint) ?? 'no reason given';
      throw new Error(`nftables: ${why.trim().slice(0, 400)}`);
    }
    return ffi.toString(this.#c.nft_ctx_get_output_buffer(this.#context) as bigint) ?? '';
  }

  free(): void {
    this.#c.nft_ctx_free(this.#context);
  }
}
