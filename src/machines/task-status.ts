/** What the wire and the rows say of a task; the chart's states are finer. */
export const taskStatuses = ['pending', 'in_progress', 'completed', 'failed', 'cancelled'] as const;
export type TaskStatus = (typeof taskStatuses)[number];
