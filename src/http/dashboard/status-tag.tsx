import { wordsOf } from './language.ts';

const en = {
  pending: 'waiting',
  in_progress: 'running',
  completed: 'completed',
  failed: 'failed',
  cancelled: 'cancelled',
  idle: 'idle',
  busy: 'busy',
  offline: 'offline',
  standby: 'on standby',
  draining: 'draining',
  drained: 'drained',
  quarantined: 'quarantined',
  active: 'at work',
  retried: 'given back',
};
const ja: typeof en = {
  pending: '待機中',
  in_progress: '実行中',
  completed: '完了',
  failed: '失敗',
  cancelled: '取消済み',
  idle: '手すき',
  busy: '作業中',
  offline: '不在',
  standby: '控え',
  draining: '引き上げ中',
  drained: '引き上げ済み',
  quarantined: '隔離中',
  active: '作業中',
  retried: '差し戻し',
};
const words = wordsOf({ en, ja });

const tones: Readonly<Record<string, string>> = {
  pending: 'wait',
  in_progress: 'run',
  completed: 'good',
  failed: 'bad',
  idle: 'good',
  busy: 'run',
  offline: 'bad',
  draining: 'wait',
  quarantined: 'bad',
  active: 'run',
  retried: 'wait',
};

/** The status of a task or a worker, as a word and a colour. What is not known is shown as it came. */
export function StatusTag({ status }: { status: string }) {
  const known = (words.value as Readonly<Record<string, string>>)[status] ?? status;
  return <span class={`tag ${tones[status] ?? ''}`}>{known}</span>;
}
