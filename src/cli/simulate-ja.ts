import type { Messages } from './messages.ts';

/** `koubou simulate` の言葉。 */
export const simulateJapanese: Messages['simulate'] = {
  help: {
    simulate: '設定を模擬の工房で試す(判断は本物、時間・ワーカー・利用者は仮想)',
    seed: '実行の名前。同じ番号なら結果はバイト単位で同じ(既定:1)',
    hours: (max) => `仮想の時間数、1 から ${max}(既定:24)`,
    config: '試す設定のフォルダー(既定:使用中のもの)',
    faults: '障害の多さ。none、light、heavy のいずれか(既定:none)',
    perHour: '1 時間あたりのタスク数(既定:ワーカーが時間の 70 % 働く量)',
    trace: '報告の代わりに、すべての出来事を表示する',
  },
  noWorkers: '設定にワーカーがないため、模擬できません。workers.yaml に追加してください',
  ran: (seed, hours, tasks, processes) =>
    `シード ${seed}:${hours} 時間、タスク ${tasks} 件、プロセス起動 ${processes} 回`,
  outcome: (completed, failed, cancelled, open, perHour) =>
    `完了 ${completed}(毎時 ${perHour})、失敗 ${failed}、取消 ${cancelled}、未終了 ${open}`,
  waits: '受付から最初のワーカーまで(すぐ始めるタスク):',
  waitHeadings: ['優先度', 'タスク', '中央値', '95 % 点', '最長'],
  workers: 'ワーカー:',
  workerHeadings: ['ワーカー', '稼働率', '実行', '完了', '読込', '入替'],
  faults: '障害:',
  faultHeadings: ['障害', '回数'],
  reached: (reached, all) => `まれな状況:${all} 件中 ${reached} 件に到達`,
  rareHeadings: ['回数', '状況'],
  unreached: (names) => `未到達:${names}`,
  holds: (count) => `${count} 個の不変条件はすべて守られました。`,
  broken: (count) => `違反 ${count} 件。Koubou の不具合です。シードを添えて報告してください:`,
  violationHeadings: ['時刻', '不変条件', '内容'],
};
