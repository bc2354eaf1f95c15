import { wordsOf } from './language.ts';

const en = {
  period: 'Period',
  hours: (count: number) => (count < 48 ? `last ${count} h` : `last ${count / 24} days`),
  download: 'Download as Markdown',
  writing: 'Writing…',
  again: 'Write anew',
  source: 'Source (Mermaid)',
  table: 'As a table',
  from: 'From',
  mean: 'Mean',
  nothing: 'nothing',
  contents: 'Contents',
};

const ja: typeof en = {
  period: '期間',
  hours: (count) => (count < 48 ? `直近 ${count} 時間` : `直近 ${count / 24} 日`),
  download: 'Markdown で保存',
  writing: '作成しています…',
  again: '作り直す',
  source: 'ソース(Mermaid)',
  table: '表で見る',
  from: '開始',
  mean: '平均',
  nothing: 'なし',
  contents: '目次',
};

export const reportWords = wordsOf({ en, ja });
