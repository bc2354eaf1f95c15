import type { Runtime } from '../runtime.ts';
import type { World } from './world.ts';

/** Counts what there is: rows past the process, actors within it. At a moment in which all is written. */
export function survey(world: World, runtime: Runtime): void {
  const { disk, ledger, emit, process } = world;
  const { held, waiting } = disk.recovery();
  let postponed = 0;
  for (const { taskId } of ledger.waiting) {
    const row = disk.task(taskId);
    if (row?.status === 'pending' && row.runAtMs !== null) postponed += 1;
  }
  emit({
    type: 'surveyed',
    process: process.number,
    rows: { waiting: waiting.reduce((sum, { count }) => sum + count, 0), postponed, held: held.length },
    liveTasks: runtime.inspection.overview().full().task?.live ?? 0,
  });
}
