/** Folders with generated or downloaded files, in every language, with or without an ignore file. */
export const SKIPPED_FOLDERS: ReadonlySet<string> = new Set([
  '.git',
  '.hg',
  '.svn',
  'node_modules',
  'bower_components',
  '__pycache__',
  '.venv',
  'venv',
  '.tox',
  '.mypy_cache',
  '.gradle',
  '.idea',
  '.vs',
  '.yarn',
  '.pnpm-store',
]);
/** Endings that no source has, so that the file need not be read to find out. */
const BINARY_ENDING =
  /\.(?:png|jpe?g|gif|webp|bmp|ico|icns|tiff?|psd|svgz?|mp[34g]|m4[av]|wav|ogg|flac|avi|mov|mkv|webm|zip|t?gz|t?xz|bz2|zst|7z|rar|tar|jar|war|class|o|a|so|dylib|dll|exe|pdb|obj|lib|bin|dat|wasm|pyc|pyo|whl|gguf|safetensors|onnx|pt|pth|npy|npz|parquet|arrow|db|sqlite3?|woff2?|ttf|otf|eot|pdf|docx?|xlsx?|pptx?|min\.(?:js|css)|map|lock|snap)$/i;
const BINARY_NAMES: ReadonlySet<string> = new Set(['package-lock.json', 'pnpm-lock.yaml', 'npm-shrinkwrap.json']);
/** Folders below this depth are not walked. */
export const MAX_FOLDER_DEPTH = 40;

/** Returns whether a file may be text that a model should read, judged by its name. */
export function mayBeText(name: string): boolean {
  return !BINARY_ENDING.test(name) && !BINARY_NAMES.has(name);
}

/** Returns whether a path leads through a folder that is never walked. */
export function isInSkippedFolder(path: string): boolean {
  return path
    .split('/')
    .slice(0, -1)
    .some((segment) => SKIPPED_FOLDERS.has(segment));
}
