/**
 * Makes the experts of the bundled model: `npx tsx .scripts/bundledModel/makeExperts.ts`. Needs the corpus
 * (`make.ts --only-corpus`). The same command continues after an interruption. `docs/bundled-model.md` gives the
 * reasons.
 */
import { execa } from 'execa';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { BUNDLED_EXPERTS_FILE, BUNDLED_MODEL_FILE } from '../../sidecar/shelf/defaultModel.ts';
import { developerCacheFolder } from '../fetchModel.ts';
import { corpusFolder } from './corpus.ts';
import { writeExpertTexts } from './expertTexts.ts';
import { reduceRank } from './reduceRank.ts';

/** The rank of the training, and that of the file: the packages have no room for more. */
const [TRAINED_RANK, RANK] = [16, 4];
const TRAINING = [
  ['--adapter', String(TRAINED_RANK)],
  ['--export', 'adapter'],
  // Their texts are code and prose, and no chats: with them explanations were worse.
  ['--adapter-purpose', 'completion'],
  ['--steps', '240'],
  ['--batch', '2'],
  ['--sequence', '512'],
  ['--rate', '3e-4'],
  ['--warm-up', '10'],
  ['--fim', '0.6'],
  ['--fim-marks', 'model'],
  ['--fim-weight', '2'],
].flat();

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const models = path.join(root, 'media/models');
const folder = path.join(developerCacheFolder(), 'bundled-model');
await mkdir(folder, { recursive: true });
const texts = path.join(folder, 'expert-texts');
await writeExpertTexts(path.join(corpusFolder(), 'texts', 'training'), texts);
const trained = path.join(folder, 'expert.gguf');
const command = ['train', '--model', path.join(models, BUNDLED_MODEL_FILE), '--data', texts, '--output', trained];
await execa(
  process.execPath,
  ['--import', 'tsx', 'sidecar/cli/main.ts', ...command, '--name', 'bundled-experts', '--recompute', ...TRAINING],
  { cwd: root, stdio: 'inherit' },
);
await reduceRank(trained, path.join(models, BUNDLED_EXPERTS_FILE), { rank: RANK, name: 'Chorus-0.5B experts' });
