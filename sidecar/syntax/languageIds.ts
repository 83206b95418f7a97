import path from 'node:path';

/** VS Code's language identifiers by file name ending: an editor sends the identifier, a terminal has only the name. */
const BY_EXTENSION: ReadonlyMap<string, string> = new Map(Object.entries({
  bash: 'shellscript', c: 'c', cc: 'cpp', clj: 'clojure', coffee: 'coffeescript', cpp: 'cpp', cs: 'csharp', css: 'css', cts: 'typescript', cxx: 'cpp', dart: 'dart',
  diff: 'diff', ex: 'elixir', exs: 'elixir', fs: 'fsharp', go: 'go', groovy: 'groovy', h: 'c', hpp: 'cpp', hs: 'haskell', htm: 'html', html: 'html', ini: 'ini', ipynb: 'python',
  java: 'java', jl: 'julia', js: 'javascript', json: 'json', jsonc: 'jsonc', jsx: 'javascriptreact', kt: 'kotlin', kts: 'kotlin', less: 'less', lua: 'lua',
  m: 'objective-c', md: 'markdown', mjs: 'javascript', cjs: 'javascript', ml: 'ocaml', mts: 'typescript', nix: 'nix', php: 'php', pl: 'perl', ps1: 'powershell', py: 'python',
  pyi: 'python', r: 'r', rb: 'ruby', rs: 'rust', sass: 'sass', scala: 'scala', scss: 'scss', sh: 'shellscript', sql: 'sql', svelte: 'svelte', swift: 'swift',
  tex: 'latex', toml: 'toml', ts: 'typescript', tsx: 'typescriptreact', vb: 'vb', vue: 'vue', xml: 'xml', yaml: 'yaml', yml: 'yaml', zig: 'zig', zsh: 'shellscript',
}));
const BY_NAME: ReadonlyMap<string, string> = new Map(Object.entries({ dockerfile: 'dockerfile', makefile: 'makefile', 'cmakelists.txt': 'cmake' }));

/** Language identifier of a file, "plaintext" where its name tells none. */
export function languageIdOf(file: string): string {
  const name = path.basename(file).toLowerCase();
  return BY_NAME.get(name) ?? BY_EXTENSION.get(path.extname(name).slice(1)) ?? 'plaintext';
}
