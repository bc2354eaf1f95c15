import { completable, type McpServer, ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server';
import { z } from 'zod';
import type { SuccessRates } from '../../db/success-rates.ts';
import { KoubouError } from '../../machines/errors.ts';
import { guideEnglish } from './delegation-guide.ts';
import { guideJapanese } from './delegation-guide-ja.ts';
import type { McpPorts } from './mcp-ports.ts';
import { unforeseen } from './mcp-tool.ts';
import { percent, secondsOf } from './pool-tools.ts';

const languages = ['en', 'ja'] as const;
type Language = (typeof languages)[number];

const dayMs = 86_400_000;
const windowDays = 30;

const langField = completable(z.enum(languages).describe('en (default) or ja.').optional(), (begun) =>
  languages.filter((language) => language.startsWith(begun ?? '')),
);
const promptArguments = z.object({ lang: langField });

/** The prompt `delegate`: the guide, with what this pool has been good at. */
export function mcpPrompts(server: McpServer, { runtime, log, clock }: McpPorts): void {
  server.registerPrompt(
    'delegate',
    {
      title: 'How to delegate to Koubou',
      description:
        'What to delegate and what not, at which priority, waiting or not; with the success rates of this pool by type of task.',
      argsSchema: promptArguments,
    },
    async ({ lang = 'en' }) => {
      try {
        const window = { nowMs: clock.now(), windowMs: windowDays * dayMs };
        const rates = await runtime.list({ kind: 'successRates', ...window });
        const text = `${lang === 'ja' ? guideJapanese : guideEnglish}\n${ratesText(rates, lang)}`;
        return {
          description: 'How to delegate to Koubou',
          messages: [{ role: 'user', content: { type: 'text', text } }],
        };
      } catch (error) {
        const { message } =
          error instanceof KoubouError ? error : unforeseen(error, log, 'the prompt delegate');
        throw new ProtocolError(ProtocolErrorCode.InternalError, message);
      }
    },
  );
}

function ratesText({ types, since }: SuccessRates, language: Language): string {
  const day = since.slice(0, 10);
  const title =
    language === 'ja'
      ? `## このプールの実績(${day} 以降)`
      : `## What this pool has been good at, since ${day}`;
  if (types.length === 0) {
    const none = language === 'ja' ? 'まだ終了したタスクがありません。' : 'No task has ended as yet.';
    return `${title}\n\n${none}\n`;
  }
  const [head, unknown] =
    language === 'ja'
      ? ['| 種類 | 完了 | 失敗 | 成功率 | 平均時間 |', '不明']
      : ['| type | completed | failed | success rate | mean time |', 'unknown'];
  const rows = types.map(({ type, completed, failed, success_rate, mean_run_ms }) => {
    const rate = success_rate === null ? unknown : percent(success_rate);
    const mean = mean_run_ms === null ? unknown : secondsOf(mean_run_ms);
    return `| ${type} | ${completed} | ${failed} | ${rate} | ${mean} |`;
  });
  return `${title}\n\n${head}\n|---|---|---|---|---|\n${rows.join('\n')}\n`;
}
