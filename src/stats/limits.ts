/** Every bound of what is told and kept of clients, with its unit and why it has that size. */
export const CLIENT_FIGURES = {
  /** Machines told of at once; the page says how many more there are. */
  rows: 500,
  /** Kinds of programs told apart; the rest are `other`. */
  programs: 20,
  /** Characters of a program's name: it is a stranger's text. */
  programChars: 32,
  /** Names of programs told of one machine. */
  namesEach: 4,
  /** Pairs of a machine and a torrent that wait to be written, of one minute. What is beyond is not recorded. */
  waiting: 20_000,
  /** Writes after a start, a minute each, before what is too old is looked for: a box without a clock of its own must have asked for the time first. */
  writesBeforeForgetting: 10,
  /** Torrents told of one client. */
  torrents: 500,
} as const;
