/** What the package offers to programs that bring Koubou along, and to those who want to look at its charts. */
export { type Config, loadConfig } from './config.ts';
export { KoubouError } from './machines/errors.ts';
export { journalMachine } from './machines/journal-machine.ts';
export { poolMachine } from './machines/pool-machine.ts';
export { taskMachine } from './machines/task-machine.ts';
export { workerMachine } from './machines/worker-machine.ts';
export { type Runtime, type RuntimeOptions, startRuntime } from './runtime.ts';
export { type KoubouServer, type ServerOptions, startServer } from './server.ts';
