/** Values of the enum `TaskType` with the types that they stand for: `CODE`, and one for each configured type. */
export function taskTypeValues(taskTypes: readonly string[]): Readonly<Record<string, string>> {
  const values: Record<string, string> = { CODE: 'code', GENERAL: 'general' };
  for (const type of taskTypes) {
    if (type !== 'general') values[freeName(values, enumNameOf(type))] = type;
  }
  return values;
}

/** Types may differ in what GraphQL cannot write. */
function freeName(values: object, name: string): string {
  let free = name;
  for (let n = 2; Object.hasOwn(values, free); n += 1) free = `${name}_${n}`;
  return free;
}

/** A name that GraphQL allows; what it does not know becomes `_`. */
function enumNameOf(type: string): string {
  const name = type.toUpperCase().replace(/[^0-9A-Z_]/g, '_');
  return /^(\d|__)/.test(name) ? `T${name}` : name;
}

/** The schema of the original, name for name; what is ours alone says so. */
export function typeDefinitions(taskTypes: readonly string[]): string {
  return `${definitions}\nenum TaskType { ${Object.keys(taskTypeValues(taskTypes)).join(' ')} }\n`;
}

const definitions = `
"ISO 8601 in UTC."
scalar DateTime
scalar JSON

type Task {
  id: String!
  "\`{type, prompt, files, options}\`. In lists only type and prompt, which is cut to 2,000 characters."
  content: JSON!
  status: TaskStatus!
  priority: Int!
  "\`{success, output, error}\` once it has ended. In lists the output is cut to 2,000 characters."
  result: JSON
  createdBy: String
  "Who holds it, or held it last."
  assignedTo: String
  createdAt: DateTime!
  updatedAt: DateTime!
  "Ours: what has happened to it, oldest first, at most 500."
  events: [TaskEvent!]!
  "Ours: its leases, each with the reason for the choice of the worker."
  attempts: [Attempt!]!
  "Ours: when it is expected to start and to finish; null once it has ended."
  prediction: JSON
}

"Ours."
type TaskEvent {
  "Its place in the stream of all events."
  seq: Int!
  type: String!
  at: DateTime!
  from: String
  to: String
  data: JSON!
}

"Ours."
type Attempt {
  number: Int!
  workerId: String!
  model: String
  "active, completed, failed, retried or cancelled."
  status: String!
  assignedAt: DateTime!
  endedAt: DateTime
  durationMs: Int
  "The rule, all candidates and why each was not taken, the choice."
  reason: JSON!
  outcome: JSON
}

type Worker {
  id: String!
  status: WorkerStatus!
  currentTask: String
  tasksCompleted: Int!
  tasksFailed: Int!
  "Null before the first."
  lastHeartbeat: DateTime
  createdAt: DateTime!
  "Ours: whether it takes work: active, standby, draining, drained or quarantined."
  admission: String!
  "Ours: the circuit breaker of its server: closed, open, halfOpen or trying."
  breaker: String
  "Ours: models in the memory of its server, as far as is known."
  loaded: [String!]!
}

type TaskStatistics {
  pending: Int!
  inProgress: Int!
  completed: Int!
  failed: Int!
  "Ours."
  cancelled: Int!
  total: Int!
}

type WorkerStatistics {
  totalWorkers: Int!
  busyWorkers: Int!
  idleWorkers: Int!
  totalCompleted: Int!
  totalFailed: Int!
  "Percent of the tasks that ended; 0 before the first."
  successRate: Float!
}

type SystemStatus {
  "operational, degraded (no worker is alive), or the state of the pool: paused, draining, …"
  status: String!
  timestamp: DateTime!
  taskStats: TaskStatistics!
  workerStats: WorkerStatistics!
  version: String!
}

type TaskSubmissionResult {
  success: Boolean!
  taskId: String
  message: String
  task: Task
  "Ours: why not, for programs."
  code: String
}

type WorkerActionResult {
  success: Boolean!
  workerId: String
  message: String
  worker: Worker
  "Ours: why not, for programs."
  code: String
}

enum TaskStatus { PENDING IN_PROGRESS COMPLETED FAILED CANCELLED }
enum WorkerStatus { IDLE BUSY OFFLINE }

input TaskInput {
  type: TaskType!
  prompt: String!
  "1 to 10; 10 comes first. 5 by default."
  priority: Int
  files: [String!]
  options: JSON
  "Answer when it has ended, or when the wait is over."
  sync: Boolean
}

input TaskFilter {
  status: TaskStatus
  createdBy: String
  assignedTo: String
  minPriority: Int
  maxPriority: Int
}

input WorkerFilter {
  status: WorkerStatus
  minTasksCompleted: Int
}

type Query {
  systemStatus: SystemStatus!
  health: String!
  task(id: String!): Task
  "Newest first."
  tasks(filter: TaskFilter, limit: Int = 10, offset: Int = 0): [Task!]!
  taskStatistics: TaskStatistics!
  "In the order in which they are handed out."
  pendingTasks(limit: Int = 10): [Task!]!
  worker(id: String!): Worker
  "Those that are offline only without \`activeOnly\`, or when the filter asks for them."
  workers(filter: WorkerFilter, activeOnly: Boolean = true): [Worker!]!
  workerStatistics: WorkerStatistics!
  activeWorkers: [Worker!]!
}

type Mutation {
  submitTask(input: TaskInput!): TaskSubmissionResult!
  cancelTask(id: String!): TaskSubmissionResult!
  "Delegates an ended task anew; \`taskId\` is the id of the new one."
  retryTask(id: String!): TaskSubmissionResult!
  "Not supported: a priority stands from the acceptance on."
  updateTaskPriority(id: String!, priority: Int!): TaskSubmissionResult!
  "Brings so many of the workers back to work that were in reserve or drained."
  spawnWorker(count: Int = 1): WorkerActionResult!
  "Drains a worker: it ends what it has, and is given nothing more."
  terminateWorker(id: String!): WorkerActionResult!
  "Drains workers, or brings them back, until so many take work."
  scaleWorkers(targetCount: Int!): WorkerActionResult!
  "Not supported: ended tasks stay on record."
  clearCompletedTasks(olderThanHours: Int = 24): Int!
  "0: workers that have left leave nothing behind to clean up."
  cleanupDeadWorkers: Int!
}

type Subscription {
  "With an id: the task as it is now, then each change, until it has ended. Without: every task that changes."
  taskUpdated(id: String): Task!
  "With an id: the worker as it is now, then each change."
  workerUpdated(id: String): Worker!
  "As it is now, then whenever the pool, a worker or a server changes its state."
  systemStatusChanged: SystemStatus!
}
`;
