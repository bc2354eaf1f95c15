import { buildSchema, GraphQLEnumType } from 'graphql';
import { expect, test } from 'vitest';
import { taskTypeValues, typeDefinitions } from '../../src/http/graphql/type-definitions.ts';

test('every configured task type is a value of the enum, whatever its name', () => {
  const types = ['general', 'code_generation', 'data-cleaning', '3d', '翻訳', '分析'];
  expect(taskTypeValues(types)).toEqual({
    CODE: 'code',
    GENERAL: 'general',
    CODE_GENERATION: 'code_generation',
    DATA_CLEANING: 'data-cleaning',
    T3D: '3d',
    T__: '翻訳',
    T___2: '分析',
  });
  const type = buildSchema(typeDefinitions(types)).getType('TaskType');
  if (!(type instanceof GraphQLEnumType)) throw new Error('TaskType is no enum');
  expect(type.getValues()).toHaveLength(7);
});

test.each([
  [
    'Query',
    [
      'systemStatus',
      'health',
      'task',
      'tasks',
      'taskStatistics',
      'pendingTasks',
      'worker',
      'workers',
      'workerStatistics',
      'activeWorkers',
    ],
  ],
  [
    'Mutation',
    [
      'submitTask',
      'cancelTask',
      'retryTask',
      'updateTaskPriority',
      'spawnWorker',
      'terminateWorker',
      'scaleWorkers',
      'clearCompletedTasks',
      'cleanupDeadWorkers',
    ],
  ],
  ['Subscription', ['taskUpdated', 'workerUpdated', 'systemStatusChanged']],
])('%s has the fields of the original', (name, fields) => {
  const type = buildSchema(typeDefinitions([])).getTypeMap()[name];
  expect(Object.keys((type as unknown as { getFields(): object }).getFields())).toEqual(fields);
});
