import type { SignalEvent } from '../../machines/operator-signals.ts';
import type { GuardStanding } from '../../runtime/inspection-guards.ts';
import { wordsOf } from './language.ts';

const standingsEn: Record<GuardStanding, string> = {
  open: 'open',
  closed: 'closed: the guard stands in the way',
  depends: 'depends on the event',
  shadowed: 'another way comes first',
  unknown: 'unknown: the guard failed',
};

const doesEn: Record<SignalEvent, string> = {
  'pool.pause':
    'Nothing more is handed out, also after a restart, until the pool is resumed. What runs goes on.',
  'pool.resume': 'Tasks are handed out again.',
  'pool.turn': 'The pool looks at once whether something can be handed out.',
  'pool.rate': 'The performance factors of the workers are corrected now by what was measured.',
  'worker.drain': 'It gets nothing more. What it has, it ends.',
  'worker.rest': 'It gets nothing more until the load asks for it.',
  'worker.resume': 'It gets work again.',
  'worker.probe': 'It is asked at once for a sign of life.',
  'heartbeat.missed':
    'It counts as a beat that was missed. After some of them, and enough silence, the worker is lost and its tasks go back to the queue.',
  'xstate.after.heartbeatRestartMs.worker.liveness.unwatched': 'It is watched again now.',
  'endpoint.reset': 'Its circuit breaker is closed, and its failures are forgotten: it is called again.',
  'xstate.after.waitMs.endpoint.open': 'Its rest ends now: the next task is its trial.',
  'xstate.after.trialMs.endpoint.halfOpen.trying': 'Its trial counts as too long: another task may be one.',
  'task.cancel': 'The task is cancelled, wherever it is. That stands for ever.',
  'task.reprioritize': 'It gets another place in the queue. If it runs, it goes on.',
  'xstate.after.waitMs.task.scheduled': 'Its start time is now.',
  'xstate.after.waitMs.task.backingOff': 'Its wait ends now: it is tried again as soon as a worker is free.',
};

const en = {
  standings: standingsEn,
  send: 'Send…',
  sendOf: (event: string) => `Send ${event}…`,
  title: (event: string, actor: string) => `Send ${event} to ${actor}`,
  does: doesEn,
  fields: { silentMs: 'Silence before it, in ms', priority: 'Priority, 1 to 10' } as Record<string, string>,
  next: 'Continue',
  keep: 'Do not send',
  back: 'Back',
  sure: 'It takes effect at once, and goes on record with your name. Write the name of the actor to send it:',
  confirm: 'Name of the actor',
  doSend: 'Send',
  sending: 'Sending…',
  sent: (seq: number, by: string) => `Sent. It is on record as fact ${seq}, asked for by ${by}.`,
  refused: (message: string) => `Refused: ${message}`,
  close: 'Close',
};

const standingsJa: Record<GuardStanding, string> = {
  open: '通る',
  closed: '通らない(条件が満たされていない)',
  depends: 'イベントの内容による',
  shadowed: '先に別の道が選ばれる',
  unknown: '不明(条件の判定に失敗)',
};

const doesJa: Record<SignalEvent, string> = {
  'pool.pause': '再開するまで(再起動の後も)新しい仕事を渡しません。実行中の仕事は続きます。',
  'pool.resume': '仕事の割り当てを再開します。',
  'pool.turn': '渡せる仕事があるかを今すぐ調べます。',
  'pool.rate': '測定した結果で、職人の性能係数を今すぐ補正します。',
  'worker.drain': '新しい仕事を受けなくなります。今ある仕事は最後まで行います。',
  'worker.rest': '負荷が高まるまで、新しい仕事を受けません。',
  'worker.resume': '再び仕事を受けます。',
  'worker.probe': '生存を今すぐ確かめます。',
  'heartbeat.missed':
    '応答がなかったものとして数えます。重なって沈黙が長いと、職人は失われたと判断され、その仕事は待ち行列に戻ります。',
  'xstate.after.heartbeatRestartMs.worker.liveness.unwatched': '今すぐ見守りを再開します。',
  'endpoint.reset': '遮断器を閉じ、失敗の数を忘れます。再び呼び出します。',
  'xstate.after.waitMs.endpoint.open': '休止を今終えます。次の仕事が試しになります。',
  'xstate.after.trialMs.endpoint.halfOpen.trying':
    '試しは長すぎたものとみなし、別の仕事で試せるようにします。',
  'task.cancel': 'どの段階にあっても仕事を取り消します。元には戻せません。',
  'task.reprioritize': '待ち行列での順番を変えます。実行中なら実行は続きます。',
  'xstate.after.waitMs.task.scheduled': '開始時刻を今にします。',
  'xstate.after.waitMs.task.backingOff': '待ち時間を今終えます。職人が空きしだい、やり直します。',
};

const ja: typeof en = {
  standings: standingsJa,
  send: '送る…',
  sendOf: (event: string) => `${event} を送る…`,
  title: (event: string, actor: string) => `${actor} に ${event} を送る`,
  does: doesJa,
  fields: { silentMs: 'それまでの沈黙(ミリ秒)', priority: '優先度(1 から 10)' },
  next: '次へ',
  keep: '送らない',
  back: '戻る',
  sure: 'すぐに効力を持ち、名前とともに記録されます。送るには、アクターの名前を入力してください。',
  confirm: 'アクターの名前',
  doSend: '送る',
  sending: '送信中…',
  sent: (seq: number, by: string) => `送りました。${by} の依頼として、事実 ${seq} に記録されています。`,
  refused: (message: string) => `受け付けられませんでした:${message}`,
  close: '閉じる',
};

export const actorSendWords = wordsOf({ en, ja });
