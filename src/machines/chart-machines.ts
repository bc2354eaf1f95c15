/** The kinds of actors that can be looked into. All but an execution have a chart; that one runs, and ends. */
export const inspectedMachines = ['pool', 'worker', 'endpoint', 'task', 'execution'] as const;
export type InspectedMachine = (typeof inspectedMachines)[number];
