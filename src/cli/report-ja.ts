import type { Messages } from './messages.ts';

/** `koubou report` の言葉。 */
export const reportTalkJapanese: Messages['report'] = {
  help: {
    report: '稼働中のシステムから計算した報告書を Markdown で書き出す',
    lang: '報告書の言語、en または ja(既定:利用者の言語)',
    hours: (max) => `数値の期間(時間)、1 から ${max}(既定:24)`,
  },
};
