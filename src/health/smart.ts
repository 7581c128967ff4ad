import { HEALTH_LIMITS } from './limits.ts';
import { printable } from './printable.ts';
import type { DeviceHealth, DiskVerdict, SilentWhy } from './view.ts';

/** What one answer of smartctl says. Figures that it does not give are absent. */
export type SmartReading = Omit<DeviceHealth, 'name' | 'worn' | 'newBadSectors'>;

/** Bits of its exit status (smartctl(8), EXIT STATUS). */
const STATUS = {
  commandLine: 1 << 0,
  openFailed: 1 << 1,
  diskFailing: 1 << 3,
  /** An attribute that foretells a failure is at its threshold or below, now. */
  prefail: 1 << 4,
} as const;

/** Attributes, as all makers number them (ATA8-ACS left the table to them; smartmontools' drivedb.h). */
const ATA = { reallocated: 5, pending: 197, uncorrectable: 198 } as const;

/** Percent of an NVMe disk's life is one byte, and so are its warnings (NVMe 1.4, 5.14.1.2). */
const BYTE = 255;
const MOST_HOT_C = 200;

type Json = Readonly<Record<string, unknown>>;
const object = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
const list = (value: unknown, most: number): readonly unknown[] => (Array.isArray(value) ? value.slice(0, most) : []);
const whole = (value: unknown, most: number = Number.MAX_SAFE_INTEGER): number | undefined =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= most ? (value as number) : undefined;

/** Reads what `smartctl -j -i -H -A` (smartmontools 7) wrote, whatever it is. */
export function parseSmart(output: string, status: number): SmartReading {
  const root = jsonOf(output);
  if (!('smartctl' in root)) return { verdict: 'unknown', why: 'garbled' };
  const verdict = verdictOf(root, status);
  const rotationRate = whole(object(root).rotation_rate);
  return defined({
    verdict,
    why: verdict === 'unknown' ? silence(root, status) : undefined,
    model: printable(root.model_name) ?? printable(root.scsi_model_name),
    serial: printable(root.serial_number),
    rotating: rotationRate === undefined ? undefined : rotationRate > 0,
    temperatureC: whole(object(root.temperature).current, MOST_HOT_C),
    powerOnHours: whole(object(root.power_on_time).hours),
    ...sectors(root),
    ...nvme(object(root.nvme_smart_health_information_log)),
  });
}

function jsonOf(output: string): Json {
  if (output.length > HEALTH_LIMITS.smartBytes) return {};
  try {
    return object(JSON.parse(output));
  } catch {
    return {};
  }
}

function verdictOf(root: Json, status: number): DiskVerdict {
  const { passed } = object(root.smart_status);
  if (passed === false || status & (STATUS.diskFailing | STATUS.prefail)) return 'failing';
  return passed === true ? 'passed' : 'unknown';
}

/** smartctl has no code for it: its words, in the C locale. */
function silence(root: Json, status: number): SilentWhy {
  const said = list(object(root.smartctl).messages, HEALTH_LIMITS.smartMessages).map((m) => {
    const { string } = object(m);
    return typeof string === 'string' ? string : '';
  });
  if (said.some((text) => /^Device is in [\w ]{1,30} mode, exit/.test(text))) return 'asleep';
  if (said.some((text) => /permission denied|operation not permitted/i.test(text))) return 'not-permitted';
  if (!(status & STATUS.commandLine) && status & STATUS.openFailed) return 'no-answer';
  return 'no-smart';
}

/** A SAS disk counts the sectors that it gave up on, and nothing else of the three. */
function sectors(root: Json) {
  const raw = new Map<number, number | undefined>();
  for (const row of list(object(root.ata_smart_attributes).table, HEALTH_LIMITS.smartAttributes)) {
    const { id, raw: value } = object(row);
    if (typeof id === 'number' && !raw.has(id)) raw.set(id, rawOf(object(value)));
  }
  return {
    reallocatedSectors: raw.get(ATA.reallocated) ?? whole(root.scsi_grown_defect_list),
    pendingSectors: raw.get(ATA.pending),
    uncorrectableSectors: raw.get(ATA.uncorrectable),
  };
}

/** Some makers pack more into the 48 bits: smartctl's own text has the count first, `8 (0 12)`. */
function rawOf({ string, value }: Json): number | undefined {
  const first = typeof string === 'string' ? /^\d{1,15}(?= |$)/.exec(string)?.[0] : undefined;
  return first === undefined ? whole(value) : Number(first);
}

const nvme = (log: Json) => ({
  criticalWarning: whole(log.critical_warning, BYTE),
  percentUsed: whole(log.percentage_used, BYTE),
  mediaErrors: whole(log.media_errors),
});

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };
const defined = <T extends object>(fields: T): Defined<T> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
