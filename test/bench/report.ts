import { execa } from 'execa';
import { mkdir, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const repositoryRoot = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

export interface Report {
  /** The file name without its ending. */
  readonly name: string;
  readonly title: string;
  /** The method and how to read the figures, in Markdown. */
  readonly body: string;
  readonly figures: object;
  readonly model: string;
  readonly command: string;
}

/** The date, machine and commit of a measurement. */
export interface Origin {
  readonly date: string;
  readonly machine: string;
  readonly node: string;
  readonly commit: string;
}

export async function originOfRun(): Promise<Origin> {
  const commit = await execa('git', ['rev-parse', '--short', 'HEAD'], { cwd: repositoryRoot, reject: false });
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: `${os.cpus()[0]?.model ?? 'unknown processor'}, ${os.availableParallelism()} cores, ${Math.round(os.totalmem() / 2 ** 30)} GiB, ${os.platform()} ${os.arch()}`,
    node: process.version,
    commit: commit.stdout,
  };
}

/** Writes `docs/results/NAME.md` and `.json` with the figures and their origin. */
export async function writeReport(report: Report): Promise<void> {
  const folder = path.join(repositoryRoot, 'docs', 'results');
  const { date, machine, node, commit } = await originOfRun();
  const origin = { date, machine, node, model: report.model, commit, command: report.command };
  const lines = Object.entries(origin).map(([key, value]) => `| ${key} | ${value} |`);
  const markdown = `# ${report.title}\n\n${report.body.trim()}\n\n## Where the figures come from\n\n| | |\n|---|---|\n${lines.join('\n')}\n`;
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, `${report.name}.md`), markdown);
  await writeFile(
    path.join(folder, `${report.name}.json`),
    `${JSON.stringify({ ...origin, figures: report.figures }, undefined, 2)}\n`,
  );
}
