/** The texts on the arrows of the sequence diagram. What is in code is called by its name in both languages. */
export interface MessageWords {
  readonly delegate: (type: string) => string;
  readonly accepted: string;
  readonly generate: (model: string) => string;
  readonly answer: (chars: string) => string;
  readonly completed: string;
  readonly failed: (code: string) => string;
  readonly priority: (priority: string) => string;
  readonly cancel: string;
  readonly late: (assignment: string) => string;
  readonly answersBeat: string;
  readonly noAnswer: string;
  readonly crashed: string;
  readonly ordered: (order: string) => string;
  readonly byLoad: (order: string) => string;
  readonly comes: string;
  readonly leaves: string;
  readonly rated: (factor: string) => string;
  readonly open: (waiting: string) => string;
  readonly pause: string;
  readonly resume: string;
  readonly stop: string;
  readonly awaited: (leases: string) => string;
  readonly stopped: string;
  readonly configured: (version: string) => string;
  readonly writable: string;
}

export const englishMessages: MessageWords = {
  delegate: (type) => `delegate ${type}`,
  accepted: 'accepted',
  generate: (model) => `generate ${model}`,
  answer: (chars) => `answer, ${chars} characters`,
  completed: 'completed',
  failed: (code) => `failed: ${code}`,
  priority: (priority) => `priority ${priority}`,
  cancel: 'cancel',
  late: (assignment) => `late result of ${assignment}`,
  answersBeat: 'answers the beat',
  noAnswer: 'no answer',
  crashed: 'its actor has crashed',
  ordered: (order) => `order: ${order}`,
  byLoad: (order) => `by the load: ${order}`,
  comes: 'comes',
  leaves: 'leaves',
  rated: (factor) => `factor ${factor}`,
  open: (waiting) => `open, ${waiting} wait`,
  pause: 'pause',
  resume: 'go on',
  stop: 'stop',
  awaited: (leases) => `finish ${leases} runs`,
  stopped: 'stopped',
  configured: (version) => `configuration ${version}`,
  writable: 'the disk takes writes again',
};

export const japaneseMessages: MessageWords = {
  delegate: (type) => `依頼 ${type}`,
  accepted: '受付済み',
  generate: (model) => `生成 ${model}`,
  answer: (chars) => `回答 ${chars} 文字`,
  completed: '完了',
  failed: (code) => `失敗: ${code}`,
  priority: (priority) => `優先度 ${priority}`,
  cancel: '取り消し',
  late: (assignment) => `${assignment} の結果(期限後)`,
  answersBeat: '応答あり',
  noAnswer: '応答なし',
  crashed: 'アクターが異常終了',
  ordered: (order) => `指示: ${order}`,
  byLoad: (order) => `負荷により: ${order}`,
  comes: '加わる',
  leaves: '去る',
  rated: (factor) => `性能係数 ${factor}`,
  open: (waiting) => `営業開始、待ち ${waiting} 件`,
  pause: '一時停止',
  resume: '再開',
  stop: '停止',
  awaited: (leases) => `残り ${leases} 件を終える`,
  stopped: '停止済み',
  configured: (version) => `設定 第 ${version} 版`,
  writable: 'ディスクに再び書ける',
};
