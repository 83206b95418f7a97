import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { repositoryRoot } from './report.ts';

const FILE = 'HumanEval-SingleLineInfilling.jsonl.gz';

/** A program from which one line was removed: `canonical_solution`, with its line break. */
export interface InfillingProblem {
  readonly task_id: string;
  readonly prompt: string;
  readonly suffix: string;
  readonly canonical_solution: string;
}

/**
 * Reads all problems of HumanEval-SingleLineInfilling from `folder`, or from `CHORUS_BENCH_DATA`. Throws an error that
 * says where to get the file.
 */
export async function readInfillingProblems(
  folder = process.env['CHORUS_BENCH_DATA'] ?? path.join(repositoryRoot, '../shared/data/humaneval-infilling'),
): Promise<InfillingProblem[]> {
  const file = path.join(folder, FILE);
  const packed = await readFile(file).catch((error: unknown) => {
    const where = 'https://github.com/openai/human-eval-infilling (folder data)';
    throw new Error(
      `Expected the data set at ${file}. Get ${FILE} from ${where} and name its folder by --data or CHORUS_BENCH_DATA.`,
      { cause: error },
    );
  });
  return gunzipSync(packed)
    .toString('utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as InfillingProblem);
}
