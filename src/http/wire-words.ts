/** Words of the wire that more than one door uses. */
export const taskStatuses = ['pending', 'in_progress', 'completed', 'failed', 'cancelled'] as const;
