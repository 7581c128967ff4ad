/** Test files that nothing runs beside, and why. Whatever is not here holds on a busy machine, and has ports, namespaces and folders of its own. */
export const ALONE: Readonly<Record<string, string>> = {
  'scripts/fleet/chaos.e2e.ts':
    'counts what came twice, which is more where answers are late; a dozen nodes and a broker take the whole machine',
  'src/box-crash.e2e.ts': 'says how soon connections pass',
  'src/box-manners.e2e.ts': 'compares rates and round trips',
  'src/box-overload.e2e.ts': 'a box that is short of the processor bears fewer clients',
  'src/central-page.e2e.ts': 'builds its page where the daemon looks for one, as the test of the box’s page does',
  'src/fleet/central/central.e2e.ts': 'counts what came twice, which is more where answers are late',
  'src/fleet-tasks.e2e.ts': 'counts what came twice, which is more where answers are late',
};
