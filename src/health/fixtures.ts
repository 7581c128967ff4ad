import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** What smartctl 7.3 writes around every answer. */
const envelope = (status: number, messages: readonly string[] = []) => ({
  json_format_version: [1, 0],
  smartctl: {
    version: [7, 3],
    svn_revision: '5338',
    platform_info: 'x86_64-linux-6.1.0-18-amd64',
    build_info: '(local build)',
    argv: ['smartctl', '-j', '-i', '-H', '-A', '-n', 'standby', '--', '/dev/sda'],
    ...(messages.length > 0 && { messages: messages.map((string) => ({ string, severity: 'error' })) }),
    exit_status: status,
  },
  local_time: { time_t: 1_711_000_000, asctime: 'Thu Mar 21 05:46:40 2024 UTC' },
});

const attribute = (id: number, name: string, value: number, string = String(value)) => ({
  id,
  name,
  value: 200,
  worst: 200,
  thresh: 140,
  when_failed: '',
  flags: { value: 51, string: 'PO--CK ', prefailure: true, updated_online: true },
  raw: { value, string },
});

type AtaFigures = { reallocated?: number; pending?: number; uncorrectable?: number; passed?: boolean; status?: number };

export const ataAnswer = (o: AtaFigures = {}) => ({
  ...envelope(o.status ?? 0),
  device: { name: '/dev/sda', info_name: '/dev/sda [SAT]', type: 'sat', protocol: 'ATA' },
  model_family: 'Western Digital Red',
  model_name: 'WDC WD40EFRX-68N32N0',
  serial_number: 'WD-WCC7K0AAAAAA',
  wwn: { naa: 5, oui: 5358, id: 11_111_111_111 },
  firmware_version: '82.00A82',
  user_capacity: { blocks: 7_814_037_168, bytes: 4_000_787_030_016 },
  rotation_rate: 5400,
  smart_support: { available: true, enabled: true },
  power_mode: { ata_value: 255, name: 'ACTIVE or IDLE' },
  smart_status: { passed: o.passed ?? true },
  ata_smart_attributes: {
    revision: 16,
    table: [
      attribute(1, 'Raw_Read_Error_Rate', 0),
      attribute(5, 'Reallocated_Sector_Ct', (12 << 16) + (o.reallocated ?? 0), `${o.reallocated ?? 0} (12 0)`),
      attribute(9, 'Power_On_Hours', 31_234),
      attribute(194, 'Temperature_Celsius', 34, '34 (Min/Max 18/47)'),
      attribute(197, 'Current_Pending_Sector', o.pending ?? 0),
      attribute(198, 'Offline_Uncorrectable', o.uncorrectable ?? 0),
    ],
  },
  power_on_time: { hours: 31_234 },
  power_cycle_count: 61,
  temperature: { current: 34 },
});

export const nvmeAnswer = (o: { warning?: number; used?: number; mediaErrors?: number; hot?: number } = {}) => ({
  ...envelope(o.warning ? 8 : 0),
  device: { name: '/dev/nvme0n1', info_name: '/dev/nvme0n1', type: 'nvme', protocol: 'NVMe' },
  model_name: 'Samsung SSD 970 EVO Plus 1TB',
  serial_number: 'S4EWNX0M000000A',
  smart_support: { available: true, enabled: true },
  smart_status: { passed: !o.warning, nvme: { value: o.warning ?? 0 } },
  nvme_smart_health_information_log: {
    critical_warning: o.warning ?? 0,
    temperature: o.hot ?? 41,
    available_spare: 100,
    available_spare_threshold: 10,
    percentage_used: o.used ?? 3,
    data_units_written: 21_345_678,
    power_on_hours: 8123,
    media_errors: o.mediaErrors ?? 0,
    temperature_sensors: [41, 52],
  },
  temperature: { current: o.hot ?? 41 },
  power_on_time: { hours: 8123 },
});

export const sasAnswer = () => ({
  ...envelope(0),
  device: { name: '/dev/sdb', info_name: '/dev/sdb', type: 'scsi', protocol: 'SCSI' },
  scsi_vendor: 'SEAGATE',
  scsi_product: 'ST4000NM0023',
  scsi_model_name: 'SEAGATE ST4000NM0023',
  serial_number: 'Z1Z00000',
  rotation_rate: 7200,
  smart_status: { passed: true },
  temperature: { current: 29, drive_trip: 60 },
  power_on_time: { hours: 40_011, minutes: 21 },
  scsi_grown_defect_list: 7,
});

const UNKNOWN_BRIDGE = '/dev/sdc: Unknown USB bridge [0x152d:0x0578 (0x214)]';
/** Answers without any figure, each with the exit status that smartctl gives it. */
export const silentAnswers = {
  bridge: { status: 1, answer: envelope(1, [UNKNOWN_BRIDGE]) },
  undetected: { status: 1, answer: envelope(1, ['/dev/vda: Unable to detect device type']) },
  denied: { status: 2, answer: envelope(2, ['Smartctl open device: /dev/sda failed: Permission denied']) },
  deniedNvme: {
    status: 4,
    answer: {
      ...envelope(4, ['Read NVMe SMART/Health Information failed: NVME_IOCTL_ADMIN_CMD: Permission denied']),
      model_name: 'Samsung SSD 970 EVO Plus 1TB',
    },
  },
  /** An ATA disk that the kernel lets nobody ask. */
  behindScsi: {
    status: 0,
    answer: { ...envelope(0), device: { name: '/dev/sda', info_name: '/dev/sda', type: 'scsi', protocol: 'SCSI' } },
  },
  vanished: { status: 2, answer: envelope(2, ['Smartctl open device: /dev/sda failed: No such device']) },
  asleepSas: { status: 2, answer: envelope(2, ['Device is in STANDBY BY COMMAND mode, exit(2)']) },
  asleep: {
    status: 2,
    answer: {
      ...envelope(2, ['Device is in STANDBY mode, exit(2)']),
      model_name: 'WDC WD40EFRX-68N32N0',
      serial_number: 'WD-WCC7K0AAAAAA',
      rotation_rate: 5400,
      power_mode: { ata_value: 0, name: 'STANDBY' },
    },
  },
} as const;

export class TemporaryFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'swarmbox-health-'));

  /** Files by path below the folder, with what stands in them. */
  write(files: Readonly<Record<string, string>>): void {
    for (const [name, content] of Object.entries(files)) {
      const path = join(this.path, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, content);
    }
  }

  link(name: string, to: string): void {
    mkdirSync(dirname(join(this.path, name)), { recursive: true });
    symlinkSync(join(this.path, to), join(this.path, name));
  }

  program(name: string, script: string): void {
    this.write({ [name]: `#!/bin/sh\n${script}\n` });
    chmodSync(join(this.path, name), 0o755);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
