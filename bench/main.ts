import { formatTable } from '../src/cli/table.ts';
import { didYouMean } from '../src/model/did-you-mean.ts';
import { Bench } from './bench.ts';
import { BENCHMARKS } from './benchmarks.ts';
import { thisMachine } from './machine.ts';
import { formatMeasured, keepReport, reportOf } from './report.ts';

const argv = process.argv.slice(2);
const isJson = argv.includes('--json');
const names = argv.filter((argument) => !argument.startsWith('-'));
const unknown = names.find((name) => BENCHMARKS.every((benchmark) => benchmark.name !== name));

if (names.length === 0) {
  const rows = BENCHMARKS.map(({ name, about }) => [name, about]);
  console.log(formatTable(['benchmark', 'measures'], rows).join('\n'));
  console.log('\nnpm run bench -- <name>… [--json]');
} else if (unknown !== undefined) {
  const all = BENCHMARKS.map(({ name }) => name);
  const nearest = didYouMean(unknown, all);
  const hint = nearest === undefined ? `there is ${all.join(', ')}` : `did you mean "${nearest}"?`;
  console.error(`no benchmark is named "${unknown}": ${hint}`);
  process.exitCode = 2;
} else {
  for (const name of names) await measure(name);
}

async function measure(name: string): Promise<void> {
  const benchmark = BENCHMARKS.find((candidate) => candidate.name === name);
  if (benchmark === undefined) return;
  const say = (line: string): void => (isJson ? console.error(line) : console.log(line));
  say(`${name}: ${benchmark.about}`);
  await using bench = await Bench.open((line) => say(`  ${line}`));
  const measured = await benchmark.run(bench);
  const report = reportOf(name, thisMachine(await bench.engineVersion()), measured);
  await keepReport(report, new Date());
  for (const line of formatMeasured(measured)) say(line);
  if (isJson) console.log(JSON.stringify(report));
}
