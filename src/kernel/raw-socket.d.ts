/** The part of npm raw-socket 1.8.1 that is used here. */
declare module 'raw-socket' {
  import type { EventEmitter } from 'node:events';
  export interface Socket extends EventEmitter {
    setOption(level: number, option: number, value: number): void;
    send(buffer: Buffer, offset: number, length: number, address: string, after: (error: Error | null) => void): this;
    pauseRecv(): this;
    close(): this;
  }
  const raw: {
    createSocket(options: { protocol: number; addressFamily?: number }): Socket;
    createChecksum(...parts: Buffer[]): number;
    readonly Protocol: { readonly UDP: number };
    readonly SocketLevel: { readonly IPPROTO_IP: number };
    readonly SocketOption: { readonly IP_HDRINCL: number };
  };
  export default raw;
}
