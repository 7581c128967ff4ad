/** Test files that nothing else may run beside, and why. Whatever is not here holds on a busy machine, and has ports, namespaces and folders of its own. */
export const ALONE: Readonly<Record<string, string>> = {
  'scripts/cafe/cafe.e2e.ts': 'measures the rate of the line',
  'scripts/fleet/bench/bench.e2e.ts': 'is a load itself',
  'scripts/fleet/chaos.e2e.ts': 'needs the whole machine: a dozen processes and a broker',
  'src/box-crash.e2e.ts': 'says how soon connections pass',
  'src/box-manners.e2e.ts': 'compares rates and round trips',
  'src/box-overload.e2e.ts': 'four hundred clients are answered in time',
  'src/central-page.e2e.ts': 'builds its page where the daemon looks for one, as the test of the box’s page does',
  'src/fleet-tasks.e2e.ts': 'counts what came twice, which is more where answers are late',
};
