import type { BoxSnapshot, FleetView, PortView, UplinkView } from '#admin/contract.ts';
import { portSpeed } from '../../frame/format.ts';
import { frameWords } from '../../frame/frame-words.ts';
import { say } from '../../frame/language.ts';
import { safeText } from '../../frame/safe-text.ts';
import { saidBytes, saidCount, saidRate, saidShare } from '../../frame/said.ts';
import { DiskList } from './disk-list.tsx';
import { dashboardWords } from './words.ts';

type Known = number | 'unknown';

/** One resource: its figure, what it is a part of, and a bar of what is used. */
function Meter(props: { name: string; figure: string; aside: string; used: number | undefined; low: boolean }) {
  return (
    <div class={props.low ? 'meter low' : 'meter'}>
      <h3>{props.name}</h3>
      <p>
        <b>{props.figure}</b> <span class="aside">{props.aside}</span>
      </p>
      <progress value={props.used ?? 0} max={1} aria-label={props.name} />
    </div>
  );
}

const usedShare = (total: Known, free: Known): number | undefined =>
  total === 'unknown' || free === 'unknown' || total <= 0 ? undefined : 1 - free / total;

export function HealthPanel({ box }: { box: BoxSnapshot }) {
  const words = dashboardWords.get();
  const { unknown } = frameWords.get();
  const { health, disks, memoryCache, uplink, fleet } = box;
  const { loadPercent, memory, disk, ports, cores } = health;
  const free = (n: Known) => (n === 'unknown' ? unknown : words.free(saidBytes(n)));
  const of = (n: Known) => (n === 'unknown' ? '' : words.ofTotal(saidBytes(n)));
  const [memoryUsed, diskUsed] = [
    usedShare(memory.totalBytes, memory.availableBytes),
    usedShare(disk.totalBytes, disk.freeBytes),
  ];
  const load = loadPercent === 'unknown' ? undefined : loadPercent / 100;
  return (
    <section class="health" aria-labelledby="health">
      <h2 id="health">{words.health}</h2>
      <div class="card">
        <Meter
          name={words.load}
          figure={load === undefined ? unknown : saidShare(load)}
          aside={words.cores(cores)}
          used={load}
          low={(load ?? 0) > 0.92}
        />
        <Meter
          name={words.memory}
          figure={free(memory.availableBytes)}
          aside={of(memory.totalBytes)}
          used={memoryUsed}
          low={(memoryUsed ?? 0) > 0.92}
        />
        <Meter
          name={words.disk}
          figure={free(disk.freeBytes)}
          aside={of(disk.totalBytes)}
          used={diskUsed}
          low={(diskUsed ?? 0) > 0.95}
        />
        {memoryCache && (
          <Meter
            name={words.memoryCache}
            figure={saidBytes(memoryCache.bytes)}
            aside={words.memoryCacheSays(saidBytes(memoryCache.limitBytes))}
            used={memoryCache.limitBytes > 0 ? memoryCache.bytes / memoryCache.limitBytes : 0}
            low={false}
          />
        )}
        {uplink && <Uplink uplink={uplink} />}
        {fleet && <Fleet fleet={fleet} />}
        <DiskList disks={disks} />
        <div class="ports">
          <h3>{words.ports}</h3>
          {ports.length === 0 && <p class="aside">{words.noPorts}</p>}
          <ul>
            {ports.map((port) => (
              <Port key={port.name} port={port} />
            ))}
          </ul>
        </div>
      </div>
    </section>
  );
}

function Port({ port }: { port: PortView }) {
  const words = dashboardWords.get();
  const { unknown } = frameWords.get();
  const link = { up: words.linkUp, down: words.linkDown, unknown: words.linkUnknown }[port.link];
  const said = (n: Known) => (n === 'unknown' ? unknown : saidRate(n));
  return (
    <li class={`port ${port.link} ${port.role ?? ''}`}>
      <svg viewBox="0 0 24 24" aria-hidden="true">
        <path d="M4 4h16v16h-4v-3H8v3H4z" />
        <path d="M9 4v4M12 4v4M15 4v4" />
      </svg>
      <p>
        <b>{safeText(port.name, 20)}</b>
        {port.role && <span>{port.role === 'lan' ? words.portLan : words.portWan}</span>}
      </p>
      <p class="link">
        {link}
        {port.link === 'up' && port.speedMbps !== 'unknown' && <span>{portSpeed(port.speedMbps)}</span>}
      </p>
      <p class="aside">
        {`${words.received} ${said(port.rxBytesPerS)} · ${words.sent} ${said(port.txBytesPerS)}`}
        {port.errors !== 'unknown' && port.errors > 0 && <span class="errors">{words.errors(port.errors)}</span>}
      </p>
    </li>
  );
}

/** How the box uses the line to the internet. */
function Uplink({ uplink }: { uplink: UplinkView }) {
  const words = dashboardWords.get();
  const { dayBytes, dayLimitBytes } = uplink;
  const day =
    dayLimitBytes === undefined
      ? words.uplinkDay(saidBytes(dayBytes))
      : words.uplinkDayOf(saidBytes(dayBytes), saidBytes(dayLimitBytes));
  return (
    <div class="meter">
      <h3>{words.uplink}</h3>
      <p>{safeText(say(words.uplinkWhy, uplink.why))}</p>
      <p class="aside">{day}</p>
      {dayLimitBytes !== undefined && dayLimitBytes > 0 && (
        <progress value={Math.min(1, dayBytes / dayLimitBytes)} max={1} aria-label={day} />
      )}
    </div>
  );
}

/** The box as the relay of a fleet. */
function Fleet({ fleet }: { fleet: FleetView }) {
  const words = dashboardWords.get();
  return (
    <div class="meter">
      <h3>{words.fleet}</h3>
      <p>{words.fleetState[fleet.state](safeText(fleet.name, 63), safeText(fleet.site, 63))}</p>
      <p class="aside">{words.fleetCounts(saidCount(fleet.whole), saidCount(fleet.taking))}</p>
    </div>
  );
}
