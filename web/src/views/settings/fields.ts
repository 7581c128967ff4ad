import type {
  SettingGroup,
  SettingInfo,
  SettingsSchema,
  SettingUnit,
  Value,
  Values,
} from '#admin/contract-settings.ts';
import { hasOwn } from '../../frame/own.ts';
import { type Member, membersOf, type Schema, type Shape, shapeOf, variantOf } from './field-shape.ts';

/** One thing to enter. Groups of settings are taken apart: each of their members is a field. */
export type Field = {
  /** Names on the way, with dots between. */
  readonly path: string;
  readonly shape: Exclude<Shape, { kind: 'group' }>;
  readonly isOptional: boolean;
  readonly group: SettingGroup;
  readonly unit?: SettingUnit;
  readonly applies: SettingInfo['applies'];
  readonly needsConfirmation: boolean;
  readonly byDefault: Value | undefined;
};

export const GROUPS: readonly SettingGroup[] = [
  'line',
  'clients',
  'torrents',
  'memory',
  'swarm',
  'fleet',
  'privacy',
  'ports',
  'page',
];

/** Deeper than any setting goes. */
const DEPTH_MAX = 4;

/** What `at` says in `values`; undefined where the way ends early. */
export function valueAt(values: Values, path: string): Value | undefined {
  let at: unknown = values;
  for (const name of path.split('.')) {
    if (typeof at !== 'object' || at === null || !hasOwn(at, name)) return undefined;
    at = (at as Record<string, unknown>)[name];
  }
  return at as Value | undefined;
}

/** The info of a setting, or of the group that it belongs to. */
export function infoOf(infos: ReadonlyMap<string, SettingInfo>, path: string): SettingInfo | undefined {
  for (let at = path; at !== ''; at = at.slice(0, Math.max(0, at.lastIndexOf('.')))) {
    const found = infos.get(at);
    if (found) return found;
  }
  return undefined;
}

type Told = {
  readonly schema: SettingsSchema;
  readonly infos: readonly SettingInfo[];
  readonly defaults: Values;
  readonly values: Values;
};

/** Every field, in the order in which the box tells of the settings. A setting of which nothing is said is told of under `page`, and cannot be changed. */
export function fieldsOf({ schema, infos, defaults, values }: Told): Field[] {
  const known = new Map(infos.map((info) => [info.path, info]));
  const root: Schema = schema;
  const walk = (members: readonly Member[], before: string, depth: number): Field[] =>
    members.flatMap(({ name, schema: own, isOptional }) => {
      const path = before === '' ? name : `${before}.${name}`;
      const shape = shapeOf(variantOf(own, valueAt(values, path), root) ?? own, root);
      if (shape.kind === 'group') return depth < DEPTH_MAX ? walk(shape.members, path, depth + 1) : [];
      const info = infoOf(known, path);
      const byDefault = valueAt(defaults, path);
      return {
        path,
        shape,
        // What has a default is never absent: to empty its field is a mistake.
        isOptional: isOptional && byDefault === undefined,
        group: info?.group ?? 'page',
        ...(info?.unit && { unit: info.unit }),
        applies: info?.applies ?? 'file-only',
        needsConfirmation: info?.needsConfirmation ?? false,
        byDefault,
      };
    });
  const rank = (path: string) => infos.findIndex((info) => info.path === path.split('.')[0]);
  return walk(membersOf(schema, root), '', 0).sort((a, b) => rank(a.path) - rank(b.path));
}

/** In the order they are shown; groups without a field are left out. */
export function byGroup(fields: readonly Field[]): { group: SettingGroup; fields: Field[] }[] {
  return GROUPS.map((group) => ({ group, fields: fields.filter((field) => field.group === group) })).filter(
    (one) => one.fields.length > 0,
  );
}

export const canChange = ({ applies, shape }: Field): boolean => applies !== 'file-only' && shape.kind !== 'raw';
