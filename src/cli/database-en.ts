/** What `koubou db` says beside its backups, in English; the catalogue takes it in as `database`. */
export const databaseEnglish = {
  help: {
    status: 'show what the database keeps, and how large its files are',
    vacuum: 'give the free space of the database back to the disk, whether or not the server runs',
  },
  fields: {
    file: 'FILE',
    free: 'FREE IN IT',
    log: 'LOG BESIDE IT',
    tasks: 'TASKS',
    oldest: 'OLDEST ENDING',
    record: 'RECORD',
    deleted: 'DELETED SO FAR',
    kept: 'KEPT',
  },
  record: (from: number, to: number, since: string) => `events ${from} to ${to}, whole since ${since}`,
  deleted: (tasks: number, events: number) => `${tasks} tasks, ${events} events`,
  policy: (days: string, tasks: string, events: string) =>
    `${days} days, ${tasks} ended tasks, ${events} events (retention in koubou.yaml)`,
  forEver: 'any number of',
  unshrinkable:
    'An older version made this file: it can be shrunk while no server runs. Stop it, then: koubou db vacuum',
  rewriting: 'Rewriting the file…',
  vacuumed: (given: string, left: string) => `${given} MiB given back; the file has ${left} MiB.`,
};
