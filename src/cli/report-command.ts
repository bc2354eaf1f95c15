import { type Command, Option } from 'commander';
import { reportLimits } from '../machines/report-limits.ts';
import { type Act, type Cli, exitCodes } from './cli.ts';
import { addCommand, type JsonOption, wholeNumber } from './command-options.ts';
import { japanese } from './messages-ja.ts';
import { RestClient } from './rest-client.ts';
import { findServer } from './server-address.ts';

interface ReportOptions extends JsonOption {
  readonly lang?: string;
  readonly hours: number;
}

/** `koubou report` */
export function registerReport(program: Command, cli: Cli, act: Act): void {
  const { help } = cli.messages.report;
  addCommand(program, cli, {
    usage: 'report',
    description: help.report,
    examples: ['koubou report > report.md', 'koubou report --lang ja --hours 168', 'koubou report --json'],
  })
    .addOption(new Option('--lang <code>', help.lang).choices(['en', 'ja']))
    .addOption(
      new Option('--hours <count>', help.hours(reportLimits.hoursMax))
        .argParser(wholeNumber(cli, 1, reportLimits.hoursMax))
        .default(24),
    )
    .action(act((options: ReportOptions) => showReport(cli, options)));
}

async function showReport(cli: Cli, { lang, hours, json }: ReportOptions): Promise<number> {
  const client = new RestClient(findServer(cli), cli.messages);
  const text = await client.report({
    lang: lang ?? (cli.messages === japanese ? 'ja' : 'en'),
    hours: String(hours),
    zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    format: json === true ? 'json' : 'markdown',
  });
  cli.terminal.data(json === true ? `${text}\n` : text);
  return exitCodes.done;
}
