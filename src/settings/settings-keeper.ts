import { randomBytes } from 'node:crypto';
import type { Clock } from '#base/clock.ts';
import { errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import type { SchemaProblem } from '#base/schema-check.ts';
import { type Diff, diffOf, sameValue } from './diff.ts';
import type { Given, Revision, RevisionKind } from './history.ts';
import { cannotWrite, invalid, type Outcome, type Refused, refused, type Unconfirmed } from './outcome.ts';
import { problemText } from './problem-text.ts';
import { filled } from './setting-defaults.ts';
import { FILE_ONLY, TO_CONFIRM } from './setting-infos.ts';
import { settingProblems } from './setting-rules.ts';
import { SETTING_SCHEMAS } from './setting-schemas.ts';
import { SettingsBook, THE_BOX } from './settings-book.ts';
import { merged } from './settings-text.ts';
import { type Event, next, type State } from './unconfirmed.ts';

export type KeeperWorld = {
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly log: Log;
  /** See APPLY_WITHIN_MS. */
  readonly applyWithinMs?: number;
};

/** What the keeper asks of the running daemon. */
export type Applier = {
  /**
   * Takes what can be taken at once. Rejects when it cannot be: it is then called again with what was before. `by`: whoever edits the file starts the
   * daemon anew when it suits him; what waits for a confirmation cannot wait for that.
   */
  apply(given: Given, by: 'page' | 'file'): Promise<void>;
  /** They stay: nothing is to be kept ready for what was before. */
  settled?(given: Given): Promise<void>;
  /** Where the page is to be opened when these hold. */
  addresses(given: Given): readonly string[];
};

/** `values`: see `merged`. `revision`: the one that the change was thought of at. */
export type Change = {
  readonly revision: number;
  readonly values: Readonly<Record<string, unknown>>;
  readonly note?: string;
};

/** A row of the history, and what it changed. */
type Told = Omit<Revision, 'given'> & { readonly changed: readonly Diff[] };

/** A disk that hangs must not keep a change from being taken back. */
const APPLY_WITHIN_MS = 30_000;
const NOT_RUNNING: Applier = { apply: async () => {}, addresses: () => [] };
/**
 * Changes the settings, one change after the other: checked, made durable, then applied; and taken back when applying fails, or nobody confirms
 * what had to be confirmed. The pure machine in unconfirmed.ts says what a confirmation, or the time, does.
 */
export class SettingsKeeper {
  readonly #book: SettingsBook;
  readonly #world: KeeperWorld;
  #applier: Applier = NOT_RUNNING;
  #state: State;
  #turn: Promise<unknown> = Promise.resolve();
  #told: { readonly rows: readonly Revision[]; readonly told: readonly Told[] } | undefined;

  private constructor(book: SettingsBook, world: KeeperWorld) {
    this.#book = book;
    this.#world = world;
    const confirm = book.intent?.confirm;
    this.#state = confirm ? { kind: 'waiting', ...confirm } : { kind: 'settled' };
  }

  /** Rejects with what to mend in the file. A change whose time is over has been taken back when it resolves. */
  static async open(path: string, world: KeeperWorld): Promise<SettingsKeeper> {
    try {
      const keeper = new SettingsKeeper(await SettingsBook.open(path, world.clock.nowMs(), world.log), world);
      await keeper.look();
      const [problem] = settingProblems(keeper.given);
      if (problem) throw new Error(problemText(problem));
      return keeper;
    } catch (error) {
      throw new Error(`the configuration ${path} cannot be used: ${errorText(error)}`);
    }
  }

  /** From now on a daemon runs with these settings. */
  attach(applier: Applier): void {
    this.#applier = applier;
  }

  /** What the file gives. */
  get given(): Given {
    return this.#book.given;
  }

  get revision(): number {
    return this.#book.revision;
  }

  get unconfirmed(): Unconfirmed | undefined {
    if (this.#state.kind !== 'waiting') return undefined;
    const { token, untilMs } = this.#state;
    return { token, untilMs, addresses: this.#applier.addresses(this.given) };
  }

  /** Newest first. */
  history(): readonly Told[] {
    const { rows } = this.#book;
    // Long lists take a while to compare, and anybody who looks may ask.
    if (this.#told?.rows !== rows) {
      const told = rows.map(({ given, ...row }, at) => ({
        ...row,
        changed: diffOf(rows[at - 1]?.given ?? given, given),
      }));
      this.#told = { rows, told: told.reverse() };
    }
    return this.#told.told;
  }

  /** From the settings of one revision to those of another, defaults filled in; undefined: one of them is not known. */
  diff(from: number, to: number): Diff[] | undefined {
    const [a, b] = [this.#book.at(from), this.#book.at(to)];
    return a && b && diffOf(filled(a.given), filled(b.given));
  }

  /** What would be wrong with it. */
  check({ values }: Pick<Change, 'values'>): readonly SchemaProblem[] {
    const wanted = merged(this.given, values);
    const fixed = [...FILE_ONLY].filter((key) => !sameValue(wanted[key], this.given[key]));
    const unknown = Object.keys(values).filter((key) => values[key] === null && !isSetting(key));
    const own = [
      ...fixed.map((path) => ({ path, code: 'file-only' })),
      ...unknown.map((path) => ({ path: path.slice(0, 64), code: 'unknown-field' })),
    ];
    return own.length > 0 ? own : settingProblems(wanted);
  }

  change(change: Change, who: string): Promise<Outcome> {
    return this.#inTurn(async () => {
      const trouble = await this.#absorbEdits();
      if (trouble) return trouble;
      if (change.revision !== this.revision)
        return refused('stale', `the settings are at revision ${this.revision}: look at them again`);
      const fields = this.check(change);
      if (fields.length > 0) return invalid(fields);
      return this.#make(merged(this.given, change.values), 'change', who, change.note ?? '');
    });
  }

  /** To what held at that revision. What only the file can change stays. */
  restore(revision: number, who: string): Promise<Outcome> {
    return this.#inTurn(async () => {
      const row = this.#book.at(revision);
      if (!row) return refused('not-found', `revision ${revision} is not known any more`);
      return this.#adopt(row.given, 'restore', who, `revision ${revision}`);
    });
  }

  /** All settings at once, of a backup. What only the file can change stays. */
  replace(given: Given, kind: 'backup', who: string, note: string): Promise<Outcome> {
    return this.#inTurn(() => this.#adopt(given, kind, who, note));
  }

  /** What would be wrong with `replace`. */
  checkReplacing(given: Given): readonly SchemaProblem[] {
    return settingProblems(this.#withOwn(given));
  }

  confirm(token: string): Promise<Outcome> {
    return this.#inTurn(() => this.#step({ kind: 'confirmed', token, nowMs: this.#nowMs }));
  }

  takeBack(who: string): Promise<Outcome> {
    return this.#inTurn(() => this.#step({ kind: 'taken-back' }, who));
  }

  /** To be called every second: takes back what nobody confirmed. */
  look(): Promise<Outcome> {
    return this.#inTurn(() => this.#step({ kind: 'time', nowMs: this.#nowMs }));
  }

  /** The file is read again, as somebody asked for it; it counts whether it has changed or not. Rejects with what to mend. */
  reread(): Promise<void> {
    return this.#inTurn(async () => {
      const { revision } = this;
      const trouble = await this.#absorbEdits();
      if (trouble) throw new Error(trouble.text);
      if (revision === this.revision) await this.#apply(this.given, 'file');
    });
  }

  get #nowMs(): number {
    return this.#world.clock.nowMs();
  }

  async #apply(given: Given, by: 'page' | 'file'): Promise<void> {
    const { promise, reject } = Promise.withResolvers<never>();
    const ms = this.#world.applyWithinMs ?? APPLY_WITHIN_MS;
    const timer = setTimeout(() => reject(new Error(`it was not done within ${ms / 1000} s`)), ms);
    try {
      await Promise.race([this.#applier.apply(given, by), promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => {});
    return turn;
  }

  #done(): Outcome {
    const { unconfirmed } = this;
    return { kind: 'done', revision: this.revision, ...(unconfirmed && { unconfirmed }) };
  }

  #withOwn(given: Given): Given {
    const own = [...FILE_ONLY].filter((key) => Object.hasOwn(this.given, key));
    const others = Object.entries(given).filter(([key]) => !FILE_ONLY.has(key));
    return { ...Object.fromEntries(others), ...Object.fromEntries(own.map((key) => [key, this.given[key]])) };
  }

  async #adopt(given: Given, kind: RevisionKind, who: string, note: string): Promise<Outcome> {
    const trouble = await this.#absorbEdits();
    if (trouble) return trouble;
    const wanted = this.#withOwn(given);
    const fields = settingProblems(wanted);
    return fields.length > 0 ? invalid(fields) : this.#make(wanted, kind, who, note);
  }

  async #make(given: Given, kind: RevisionKind, who: string, note: string): Promise<Outcome> {
    const before = this.given;
    if (sameValue(before, given)) return this.#done();
    if (this.#state.kind === 'waiting')
      return refused('conflict', 'another change waits to be confirmed: confirm it or take it back first');
    const [now, then] = [filled(before), filled(given)];
    const isToConfirm = [...TO_CONFIRM].some((key) => !sameValue(now[key], then[key]));
    const token = randomBytes(24).toString('base64url');
    const nowMs = this.#nowMs;
    const { state } = next(this.#state, { kind: 'changed', token, nowMs });
    const confirm = isToConfirm && state.kind === 'waiting' ? { token, untilMs: state.untilMs } : undefined;
    const row: Revision = { revision: this.revision + 1, atMs: nowMs, who, note, kind, given };
    try {
      await this.#book.begin({ row, before, ...(confirm && { confirm }) });
    } catch (error) {
      return cannotWrite(error);
    }
    try {
      await this.#apply(given, 'page');
    } catch (error) {
      const trouble = await this.#undo(THE_BOX);
      // Its time is over: the next look tries to take it back again.
      if (trouble) this.#state = { kind: 'waiting', token, untilMs: nowMs };
      const undone = trouble ? `is yet to be taken back (${trouble.text})` : 'was taken back';
      return refused('failed', `the change could not be applied and ${undone}: ${errorText(error)}`);
    }
    if (confirm) this.#state = state;
    else await this.#settle();
    return this.#done();
  }

  async #step(event: Event, who = THE_BOX): Promise<Outcome> {
    const before = this.#state;
    const { state, effects } = next(before, event);
    let outcome: Outcome | undefined;
    for (const effect of effects) {
      if (effect.kind === 'refuse') outcome = refused(effect.why, 'nothing waits to be confirmed with this');
      else if (effect.kind === 'settle') await this.#settle();
      else if (effect.kind === 'keep' && state.kind === 'waiting')
        await this.#book.postpone(state.untilMs).catch(() => {});
      else if (effect.kind === 'revert') {
        const trouble = await this.#undo(who);
        if (trouble) return trouble; // it goes on waiting, and is tried again at the next look
      }
    }
    this.#state = state;
    return outcome ?? this.#done();
  }

  async #undo(who: string): Promise<Refused | undefined> {
    const { intent } = this.#book;
    try {
      await this.#book.undo(this.#nowMs, who);
    } catch (error) {
      this.#world.log.error('a change of the settings cannot be taken back yet', { why: errorText(error) });
      return cannotWrite(error);
    }
    this.#state = { kind: 'settled' };
    this.#world.log.warn('a change of the settings was taken back', { revision: intent?.row.revision, who });
    try {
      await this.#apply(this.given, 'page');
      await this.#applier.settled?.(this.given);
    } catch (error) {
      this.#world.log.error('what was before a change cannot be applied', { why: errorText(error) });
    }
    return undefined;
  }

  /** Whoever edits the file by hand means it: it counts, with a row of its own. A mistake in it stops other changes. */
  async #absorbEdits(): Promise<Refused | undefined> {
    let given: Given | undefined;
    try {
      given = await this.#book.edited();
    } catch (error) {
      return refused('conflict', `the settings' file was edited, and cannot be used: ${errorText(error)}`);
    }
    if (!given) return undefined;
    const fields = settingProblems(given);
    const [problem] = fields;
    if (problem)
      return refused('conflict', `the settings' file was edited, and has a mistake: ${problemText(problem)}`, fields);
    await this.#book.adopt(given, this.#nowMs);
    this.#state = next(this.#state, { kind: 'edited' }).state;
    try {
      await this.#apply(given, 'file');
      await this.#applier.settled?.(given);
    } catch (error) {
      this.#world.log.error('the edited settings cannot be applied', { why: errorText(error) });
    }
    return undefined;
  }

  async #settle(): Promise<void> {
    await this.#book.settle();
    await this.#applier.settled?.(this.given).catch((error: unknown) => {
      this.#world.log.error('what was before a change cannot be closed', { why: errorText(error) });
    });
  }
}

const isSetting = (key: string): boolean => Object.hasOwn(SETTING_SCHEMAS, key);
