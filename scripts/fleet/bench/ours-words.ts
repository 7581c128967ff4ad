/** What the processes of ours tell each other. */
export type OursCentral = {
  readonly config: string;
  /** The desk's socket. */
  readonly socket: string;
  /** Of the broker, as a user that may do everything. */
  readonly url: string;
  readonly trace: boolean;
};
export type OursNodes = {
  readonly nodes: readonly { readonly number: number; readonly config: string; readonly folder: string }[];
};
export type Begun = { readonly id: string; readonly beganMs: number };
export type OursWent = {
  /** Unix time: what was published is in the central's book. */
  readonly startMs: number;
  readonly way: string;
  readonly trace?: Readonly<Record<string, readonly [number, number]>>;
};
