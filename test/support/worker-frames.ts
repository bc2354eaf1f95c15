/** Frames as a worker sends them; name what matters to the test. */

export function helloFrame(changes: object = {}) {
  return {
    type: 'hello',
    protocol: 1,
    worker_id: 'gpu2',
    instance: 'instance-9',
    slots: 1,
    models: [],
    capabilities: [],
    labels: {},
    performance_factor: 1,
    held: [],
    done: [],
    ...changes,
  };
}

export function beatFrame(changes: object = {}) {
  return { type: 'beat', leases: [], models: null, residents: null, fault: null, ...changes };
}

export function settledFrame(changes: object = {}) {
  const failure = { code: 'model.unknown', message: 'no such model' };
  return {
    type: 'settled',
    assignment_id: 1,
    task_id: 'task_20260101_000000_000001_ab',
    outcome: { kind: 'failed', failure },
    ...changes,
  };
}
