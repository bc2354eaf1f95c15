import { useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { ask } from './doors.ts';
import { useAsked } from './polling.ts';

/** What facts do not tell of a task: they carry no prompts. */
export interface Running {
  readonly task_id: string;
  readonly summary: string;
  readonly updated_at: string;
}

/** Between two questions, in ms: where tasks come and go faster, their ids stand for them. */
const restMs = 2_000;
/** The newest that run; those before them were asked for when they were the newest. */
const askedMax = 50;

/** The beginnings of the prompts of tasks that run, asked for when one appears that is not known. */
export function useRunning(taskIds: readonly string[]): ReadonlyMap<string, Running> {
  const known = useSignal<ReadonlyMap<string, Running>>(new Map());
  const shown = useMemo(() => ({ ids: taskIds, asked: new Set<string>() }), []);
  shown.ids = taskIds;
  const isUnknown = (id: string) => !known.peek().has(id) && !shown.asked.has(id);
  const { want } = useAsked(
    async (signal) => {
      if (!shown.ids.some(isUnknown)) return;
      const asked = shown.ids;
      const path = `/tasks?status=in_progress&limit=${askedMax}`;
      const { tasks } = await ask<{ tasks: readonly Running[] }>(path, { signal });
      const found = new Map([...known.peek(), ...tasks.map((task) => [task.task_id, task] as const)]);
      known.value = new Map([...found].filter(([id]) => shown.ids.includes(id)));
      shown.asked = new Set(asked);
    },
    { restMs, everyMs: Number.POSITIVE_INFINITY },
  );
  useEffect(() => {
    if (taskIds.some(isUnknown)) want();
  });
  return known.value;
}
