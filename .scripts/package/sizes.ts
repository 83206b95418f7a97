import path from 'node:path';
import { writeReport } from '../../test/bench/report.ts';
import { MAX_OPEN_VSX_BYTES, MAX_VSIX_BYTES } from './targets.ts';
import { megabytes } from './vsix.ts';

/** The sizes of all packages of a run. */
export interface PackageSizes {
  readonly packages: readonly {
    readonly target: string;
    readonly sizeBytes: number;
    /** The package for Open VSX, without the model. */
    readonly openVsxBytes?: number | undefined;
  }[];
  /** The extension "Chorus Model". */
  readonly modelBytes?: number | undefined;
}

/** Returns the text of `docs/results/package.md` with a row for each target. */
export function sizesText({ packages, modelBytes }: PackageSizes): string {
  const megabytesOf = (sizeBytes: number | undefined): string => (sizeBytes === undefined ? '' : megabytes(sizeBytes));
  const rows = packages.map(
    ({ target, sizeBytes, openVsxBytes }) => `| ${target} | ${megabytes(sizeBytes)} | ${megabytesOf(openVsxBytes)} |`,
  );
  const model = modelBytes === undefined ? [] : [`| Chorus Model, for all targets | | ${megabytes(modelBytes)} |`];
  return `Megabytes (10^6 bytes) of each VSIX with the libraries of its target. The limit is ${MAX_VSIX_BYTES / 1e6} with the model inside. Open VSX accepts ${MAX_OPEN_VSX_BYTES / 1e6}, so there the model is an extension of its own.

| package | with the model, MB | for Open VSX, MB |
|---|---:|---:|
${[...rows, ...model].join('\n')}`;
}

/** Writes `docs/results/package.md`. */
export async function writeSizes(sizes: PackageSizes, modelParts: readonly string[]): Promise<void> {
  const command = `npm run package -- ${process.argv
    .slice(2)
    .filter((argument, index, all) => argument !== '--out' && all[index - 1] !== '--out')
    .join(' ')}`;
  await writeReport({
    name: 'package',
    title: 'Size of the packages',
    body: sizesText(sizes),
    figures: sizes,
    model: path.basename(modelParts[0] ?? 'none'),
    command,
  });
}
