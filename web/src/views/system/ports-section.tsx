import type { NetPort } from '#admin/contract-machine.ts';
import { call } from '../../frame/call.ts';
import { portSpeed } from '../../frame/format.ts';
import { hashOf } from '../../frame/route.ts';
import { safeText } from '../../frame/safe-text.ts';
import { saidBytes } from '../../frame/said.ts';
import { may } from '../../frame/session.ts';
import { tell } from '../../frame/tell.tsx';
import { useAsked } from '../../frame/use-asked.ts';
import { ActButton } from '../../parts/act-button.tsx';
import { ProblemNote } from '../../parts/problem-note.tsx';
import { systemWords } from './words.ts';

/** ms. Somebody pulls a cable and looks at the page. */
const EVERY_MS = 2000;
const BLINK_S = 10;

export function PortsSection() {
  const words = systemWords.get().ports;
  const { answer, problem, again } = useAsked('GET /api/ports', {}, EVERY_MS);
  return (
    <section class="card pad" aria-labelledby="ports-title">
      <h3 class="system-title" id="ports-title">
        {words.title}
      </h3>
      <p class="system-lead">{words.text}</p>
      <ProblemNote problem={problem} again={again} />
      {answer?.ports.length === 0 && <p class="aside">{words.none}</p>}
      <ul class="rows">
        {answer?.ports.map((port) => (
          <li key={port.name}>
            <PortShown port={port} />
            {port.canBlink && may('operate') && <BlinkButton port={port} />}
          </li>
        ))}
      </ul>
      {answer && (
        <p class="aside">
          {words.bridge(safeText(answer.bridge, 20))} <a href={hashOf('/settings/ports')}>{words.change}</a>
        </p>
      )}
    </section>
  );
}

/** A port: its name, what it is for, whether a cable is in it. */
export function PortShown({ port }: { port: NetPort }) {
  const words = systemWords.get().ports;
  const { name, link, speedMbps, role, mac, driver, addresses, rxBytes, txBytes } = port;
  return (
    <div>
      <p>
        <b>
          <bdi>{safeText(name, 20)}</bdi>
        </b>{' '}
        <i class={role === 'none' ? 'badge plain' : 'badge'}>{words.role[role]}</i>{' '}
        <span class={`port-link ${link}`}>
          {words.link[link]}
          {link === 'up' && speedMbps !== undefined && ` ${portSpeed(speedMbps)}`}
        </span>
      </p>
      <p class="aside">
        {[mac, driver, ...addresses]
          .filter((text) => text !== undefined)
          .map((text) => safeText(text, 50))
          .join(' · ')}
      </p>
      <p class="aside">{`${words.received} ${saidBytes(rxBytes)} · ${words.sent} ${saidBytes(txBytes)}`}</p>
    </div>
  );
}

export function BlinkButton({ port }: { port: NetPort }) {
  const words = systemWords.get().ports;
  const blink = async () => {
    const got = await call('POST /api/ports/{name}/blink', { params: { name: port.name }, body: { seconds: BLINK_S } });
    if (got.ok) tell(words.blinking);
    return got;
  };
  return (
    <ActButton act={blink}>
      {words.blink}
      <span class="unseen">{`: ${words.blinkOf(safeText(port.name, 20))}`}</span>
    </ActButton>
  );
}
