import type { ChartLayout } from '../../chart-drawing.ts';

/** Computed when the page was built, each in a file of its own that is loaded when its chart opens. */
const files = import.meta.glob<ChartLayout>('../../../dist/chart-layouts/*.json', { import: 'default' });

/** The machines that have a chart, in the order of the workshop. */
export const drawnMachines = ['pool', 'worker', 'task', 'endpoint', 'journal', 'join'] as const;

export interface Drawing {
  /** `null` of a machine that has none, such as an execution. */
  readonly layout: ChartLayout | null;
}

export async function drawingOf(machine: string): Promise<Drawing> {
  const load = files[`../../../dist/chart-layouts/${machine}.json`];
  return { layout: load === undefined ? null : await load() };
}
