import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EXPOSITION_LIMITS, exposition } from './exposition.ts';
import { type MetricsSource, metricsOf } from './metrics.ts';

type Family = {
  help: string;
  type: string;
  samples: { name: string; labels: Record<string, string>; value: number }[];
};

/** Reads the text format 0.0.4 as its description says, and takes nothing that it does not allow. */
function parse(text: string): Map<string, Family> {
  const families = new Map<string, Family>();
  assert.ok(text === '' || text.endsWith('\n'), 'the last line ends with a line feed');
  let current: string | undefined;
  for (const line of text.split('\n').slice(0, -1)) {
    const head = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*)$/.exec(line);
    if (head) {
      const [, what, name, rest] = head as unknown as [string, string, string, string];
      if (what === 'HELP') {
        assert.ok(!families.has(name), `${name} is there twice`);
        assert.doesNotMatch(rest, /\\(?![\\n])/);
        families.set(name, { help: rest, type: '', samples: [] });
        current = name;
        continue;
      }
      const family = families.get(name);
      assert.ok(family && current === name && family.type === '' && family.samples.length === 0);
      assert.match(rest, /^(counter|gauge)$/);
      family.type = rest;
      continue;
    }
    const sample = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/s.exec(line);
    assert.ok(sample, `no sample: ${line}`);
    const [, name, inside, value] = sample as unknown as [string, string, string | undefined, string];
    assert.equal(name, current, 'samples of one metric stand together');
    assert.match(value, /^(\+Inf|-Inf|NaN|-?\d+(\.\d+)?(e[+-]?\d+)?)$/);
    const labels = inside === undefined ? {} : labelsOf(inside);
    const family = families.get(name) as Family;
    const key = JSON.stringify(labels);
    assert.ok(!family.samples.some((s) => JSON.stringify(s.labels) === key), `${name}${key} is there twice`);
    family.samples.push({ name, labels, value: Number(value.replace('Inf', 'Infinity')) });
  }
  for (const [name, { type, samples }] of families) {
    assert.ok(type !== '' && samples.length > 0, `${name} has no type or no sample`);
    assert.equal(name.endsWith('_total'), type === 'counter', name);
  }
  return families;
}

function labelsOf(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  let rest = text;
  while (rest !== '') {
    const found = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(,|$)/.exec(rest);
    assert.ok(found, `no label: ${rest}`);
    const [all, name, value] = found as unknown as [string, string, string];
    assert.ok(!(name in labels));
    labels[name] = value.replace(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c));
    rest = rest.slice(all.length);
  }
  return labels;
}

const source = (some: Partial<MetricsSource> = {}): MetricsSource => ({
  version: '1.2.3',
  startedAtMs: 1_700_000_000_500,
  served: 10,
  fresh: 3,
  filled: 4,
  passed: 5,
  clients: 2,
  splicedFlows: 1,
  tasks: 7,
  torrents: 9,
  isSteering: true,
  steeredEndpoints: 11,
  overload: 'busy',
  shedClients: 0,
  processBytes: 1e8,
  loopDelayP99Ms: 1.5,
  ports: [{ name: 'lan0', role: 'lan', rxBytes: 1, txBytes: 2, errors: 3, dropped: 4 }],
  disks: [{ path: '/srv/cache', state: 'good', freeBytes: 5, usableBytes: 6, errors: 0 }],
  syslogDropped: 0,
  ...some,
});

test('every figure is told by its name, in base units', () => {
  const families = parse(exposition(metricsOf(source())));
  const value = (name: string, labels: Record<string, string> = {}): number | undefined =>
    families.get(name)?.samples.find((s) => JSON.stringify(s.labels) === JSON.stringify(labels))?.value;
  assert.equal(value('swarmbox_served_bytes_total'), 10);
  assert.equal(value('swarmbox_fresh_bytes_total'), 3);
  assert.equal(value('swarmbox_start_time_seconds'), 1_700_000_000.5);
  assert.equal(value('swarmbox_loop_delay_seconds'), 0.0015);
  assert.equal(value('swarmbox_build_info', { version: '1.2.3' }), 1);
  assert.equal(value('swarmbox_port_transmit_bytes_total', { port: 'lan0', role: 'lan' }), 2);
  assert.equal(value('swarmbox_disk_free_bytes', { disk: '/srv/cache' }), 5);
  assert.deepEqual(
    families.get('swarmbox_overload')?.samples.map((s) => s.value),
    [0, 1, 0],
  );
  for (const name of families.keys()) assert.match(name, /^swarmbox_[a-z_]+$/);
});

test('whatever a disk, a port or a version is called is read back as it was', () => {
  const name = fc.string({
    unit: fc.constantFrom('"', '\\', '\n', '{', '}', ',', '=', ' ', '缓', '存', 'n', '😀'),
    maxLength: 40,
  });
  fc.assert(
    fc.property(name, name, (path, version) => {
      const disk = { path, state: 'gone', freeBytes: 0, usableBytes: 0, errors: 0 } as const;
      const families = parse(exposition(metricsOf(source({ version, disks: [disk] }))));
      assert.equal(families.get('swarmbox_disk_up')?.samples[0]?.labels.disk, path);
      assert.equal(families.get('swarmbox_build_info')?.samples[0]?.labels.version, version);
    }),
  );
});

test('a box without disks tells of none, and one with ever so many stays within the limit', () => {
  assert.ok(!parse(exposition(metricsOf(source({ disks: [] })))).has('swarmbox_disk_up'));
  const disks = Array.from({ length: 5_000 }, (_, i) => ({
    path: `/${i}/${'缓'.repeat(300)}`,
    state: 'good' as const,
    freeBytes: 1,
    usableBytes: 1,
    errors: 0,
  }));
  const text = exposition(metricsOf(source({ disks })));
  parse(text);
  assert.ok(Buffer.byteLength(text) <= EXPOSITION_LIMITS.bytes);
});

test('what is not known is left out, and what is without end is said as Prometheus reads it', () => {
  const families = parse(
    exposition(metricsOf(source({ clients: Number.NaN, tasks: Number.POSITIVE_INFINITY, served: 1.5e21 }))),
  );
  assert.ok(!families.has('swarmbox_clients'));
  assert.equal(families.get('swarmbox_tasks')?.samples[0]?.value, Number.POSITIVE_INFINITY);
  assert.equal(families.get('swarmbox_served_bytes_total')?.samples[0]?.value, 1.5e21);
});
