import type { Messages } from './messages.ts';

/** `koubou simulate` の言葉。 */
export const simulateJapanese: Messages['simulate'] = {
  help: {
    simulate: '設定を模擬の工房で試す(判断は本物、時間・ワーカー・利用者は仮想)',
    seed: '実行の名前。同じ番号なら結果はバイト単位で同じ(既定:1)',
    seeds: (max) => `--seed から順に、この数のシードで 1 つずつ世界を動かす(1 から ${max})`,
    jobs: 'シードを分担するプロセスの数(既定:1)',
    hours: (max) => `仮想の時間数、${max} まで(既定:24、--seeds では 0.5)`,
    config: '試す設定のフォルダー(既定:使用中のもの)',
    faults: '障害の多さ。none、light、heavy、またはシードごとに引く swarm(既定:none、--seeds では swarm)',
    perHour: '1 時間あたりのタスク数(既定:ワーカーが時間の 70 % 働く量)',
    replay:
      'このホームのデータベースから、その時間の実際の負荷を使う。時刻を 2 つ、24h..now や 2026-11-22T08:00..2026-11-22T20:00 のように',
    script: '利用者と障害を引く代わりに、この手順を行う(例:"delegate a general 5; advance 10; kill")',
    acts: '引いたもののうち、これらの出来事(利用者・運用者・障害)だけを起こす(例:"task 3; killsPerHour 0")',
    shrink: '不変条件を破る最小限の出来事を探し、それだけを再現するコマンドを表示する',
    trace: '報告の代わりに、すべての出来事を表示する',
  },
  notHours: (max) => `0 より大きく ${max} 以下の時間数を指定してください。`,
  notSpan: (max) =>
    `過去の時刻を 2 つ、.. でつないで、早い方を先に、${max} 時間以内の幅で指定してください(例:24h..now、2026-11-22T08:00..2026-11-22T20:00)。`,
  notTogether: (names) => `${names} は同時に使えません。1 つを選んでください`,
  badScript: (why) => `${why}。手順の一覧は docs/simulation.md にあります`,
  noRecord: (home) =>
    `${home} にデータベースがないため、再現する負荷がありません。KOUBOU_HOME にサーバーのホームを指定してください`,
  nothingRecorded: (from, to) =>
    `${from} から ${to} の間に受け付けたタスクはありません。別の時間を選んでください(koubou report で確認できます)`,
  seedsDone: (done, count) => `${count} 個中 ${done} 個の世界`,
  seedsRan: (first, last, hours, tasks, cpu) =>
    `シード ${first} から ${last}:仮想 ${hours} 時間、タスク ${tasks} 件、CPU ${cpu} 秒`,
  pace: (hours, steps) => `CPU 1 秒あたり:仮想 ${hours} 時間、スケジューラーの出来事 ${steps} 件`,
  shareHeadings: ['世界', '到達した状況'],
  allReached: (count) => `${count} 個のまれな状況すべてに、1 % 以上の世界で到達しました。`,
  notReached: (names) => `到達が 1 % 未満:${names}`,
  seedsHold: (count) => `${count} 個の世界すべてで不変条件が守られました。`,
  seedHeadings: ['シード', '時刻', '不変条件', '内容'],
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
  shrinking: (runs, acts) => `${runs} 個の世界を試行、残り ${acts} 件`,
  nothingToShrink: (seed) => `シード ${seed}:不変条件はすべて守られたので、縮めるものはありません`,
  shrunk: (acts, of, runs) => `${of} 件中 ${acts} 件の出来事で起こります(${runs} 個の世界を試行):`,
  mayShrink: '--trace の代わりに --shrink を付けると、最小限の出来事を探します。',
  holds: (count) => `${count} 個の不変条件はすべて守られました。`,
  broken: (count) => `違反 ${count} 件。Koubou の不具合です。シードを添えて報告してください:`,
  violationHeadings: ['時刻', '不変条件', '内容'],
};
